import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { execScript } from '../../src/inject/exec';
import { interpreters, startTarget } from '../support/targets';
import type { Target } from '../support/targets';

const CLI = join(__dirname, '..', '..', 'src', 'cli.ts');

/** Ends with a line of input. */
const BUSY_THREADS = `
import threading
end = False
def work():
    while not end: pass
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads: thread.start()
print('ready')
input()
end = True
`;

const targets: Target[] = [];
after(() => Promise.all(targets.map((target) => target.stop())));

async function start(python: string, source = "print('ready')\ninput()\n"): Promise<Target> {
  const target = await startTarget({ python, source });
  targets.push(target);
  await target.waitFor('ready\n');
  return target;
}

interface Ran {
  code: number | null;
  out: string;
  err: string;
}

/** Runs the command line from source. */
function cli(...args: string[]): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', CLI, ...args]);
    const ran: Ran = { code: null, out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => (ran.out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (ran.err += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) => resolve({ ...ran, code }));
  });
}

describe('exec', async () => {
  for (const { version, path: python } of await interpreters()) {
    const options = { thread: 'any', timeoutMs: 10_000 } as const;

    test(`runs a text in a target of ${version}`, async () => {
      const target = await start(python);
      await execScript({ ...options, pid: target.pid, script: { text: "print('caf\u00e9 inside')" } });
      await target.waitFor('caf\u00e9 inside');
    });

    test(`runs once in a target of ${version}, however many threads are busy`, async () => {
      const target = await start(python, BUSY_THREADS);
      const runs = 10;
      for (let run = 1; run <= runs; run++) {
        await execScript({ ...options, pid: target.pid, script: { text: `print('run', ${run})` } });
        await target.waitFor(`run ${run}\n`);
      }
      target.write('\n');
      await target.waitForExit();
      const expected = Array.from({ length: runs }, (_, i) => `run ${i + 1}\n`).join('');
      assert.equal(target.output(), `ready\n${expected}`);
    });

    test(`an error in the script is the target's report, and the target of ${version} lives`, async () => {
      const target = await start(python);
      await execScript({ ...options, pid: target.pid, script: { text: '1/0' } });
      await target.waitFor('ZeroDivisionError');
      target.write('\n');
      await target.waitForExit();
      assert.equal(target.exit, 0);
    });

    test(`a request to ${version} that nobody takes ends with the limit`, async () => {
      const target = await start(python, "print('ready')\nsum(range(10**12))\n");
      // The line is out a moment before the program is inside the sum.
      await delay(100);
      const script = { text: "print('too late')" };
      await assert.rejects(execScript({ ...options, timeoutMs: 200, pid: target.pid, script }), {
        id: 'attach-timeout',
      });
    });

    test(`the command line runs a file in a target of ${version}`, async () => {
      const target = await start(python);
      const file = `${target.file}.script`;
      await writeFile(file, "print('from a file')\n");
      const { code, out, err } = await cli(
        'exec',
        String(target.pid),
        file,
        '--thread',
        'main',
        '--timeout',
        '9',
      );
      assert.deepEqual([code, err], [0, '']);
      assert.match(out, /has taken the script/);
      await target.waitFor('from a file');
    });
  }
});

describe('command line', () => {
  test('ps prints a table, and JSON on request', async () => {
    const [first] = await interpreters();
    assert.ok(first);
    const target = await start(first.path);
    const [table, json] = await Promise.all([cli('ps'), cli('ps', '--json')]);
    assert.match(table.out, /^ *PID +PYTHON +USER +AGE +CPU +MEMORY +WHAT\n/);
    assert.match(table.out, new RegExp(`^ *${target.pid} +3\\.\\d+\\.\\d+ .* target\\.py$`, 'm'));
    const list = JSON.parse(json.out) as { pid: number }[];
    assert.equal(list.filter((one) => one.pid === target.pid).length, 1);
  });

  test('failures are one line and the way out; misuse shows the usage', async () => {
    const gone = await cli('exec', String(2 ** 30), __filename);
    assert.deepEqual([gone.code, gone.out], [1, '']);
    assert.match(gone.err, /^pylatch: There is no process 1073741824\.\nChoose one from the list/);
    const noFile = await cli('exec', '1', '/no/such/script');
    assert.deepEqual(
      [noFile.code, noFile.err.startsWith('pylatch: The script /no/such/script cannot be read')],
      [1, true],
    );
    for (const args of [[], ['frobnicate'], ['exec', '1'], ['exec', 'x', 'y'], ['ps', '--what']]) {
      const { code, err } = await cli(...args);
      assert.equal(code, 2, args.join(' '));
      assert.match(err, /^pylatch: .*\n\nusage: pylatch/);
    }
  });

  test('who waits longer than a second is told what for', async () => {
    const [first] = await interpreters();
    assert.ok(first);
    const target = await start(first.path, "print('ready')\nsum(range(10**12))\n");
    const { code, err } = await cli('exec', String(target.pid), __filename, '--timeout', '1.3');
    assert.equal(code, 1);
    assert.match(err, /^Still waiting: thread \d+ runs C code.*\npylatch: Python did not come by/);
  });

  test('help and version', async () => {
    const [help, version] = await Promise.all([cli('--help'), cli('--version')]);
    assert.match(help.out, /^usage: pylatch/);
    assert.match(version.out, /^pylatch \d+\.\d+\.\d+/);
    assert.deepEqual([help.code, version.code], [0, 0]);
  });
});
