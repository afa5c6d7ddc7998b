/**
 * Pythons of unknown structure: the real ones stand in for them, as no layout is known here. What is asked is
 * then their own `sys.remote_exec`.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, describe, test } from 'node:test';
import { agentAssets } from '../../src/inject/assets';
import { attach, execScript } from '../../src/inject/attach';
import { runScript } from '../../src/inject/run';
import { openAnyTarget } from '../../src/inject/target';
import { PHASES } from '../../src/inject/types';
import type { AttachedAgent, AttachOptions, Phase } from '../../src/inject/types';
import { assertUnharmed, emptyFolder, startReady, stopTargets } from '../support/readyTargets';
import { interpreters } from '../support/targets';
import type { Target } from '../support/targets';

const CONFIG = { justMyCode: true, stopThreads: 'all', showReturnValue: false } as const;
const NO_LAYOUTS = {};
const NOBODY = 65534;

/** The agent comes as source: byte code of an unknown version is what nobody has made. */
function attachUnknown(target: Target, options: Partial<AttachOptions> = {}): Promise<AttachedAgent> {
  const all = { pid: target.pid, thread: 'any', timeoutMs: 10_000, config: CONFIG, ...options } as const;
  return attach(all, () => agentAssets(0), NO_LAYOUTS);
}

const STATES: Record<string, string> = {
  'a busy loop': "print('ready')\nwhile True: pass",
  'time.sleep': "import time\nprint('ready')\ntime.sleep(1000)",
  'reading stdin': "import sys\nprint('ready')\nsys.stdin.readline()",
  'signal.pause': "import signal\nprint('ready')\nwhile True: signal.pause()",
};
/** The main thread waits for a lock, which nothing ends but a line on stdin, and then looks whether ours came in. */
const LOCKED = `
import sys, threading
lock = threading.Lock()
lock.acquire()
def release():
    sys.stdin.readline()
    lock.release()
threading.Thread(target=release).start()
print('ready')
lock.acquire()
print('ran' if any('pylatch' in name for name in vars(sys)) else 'clean')
`;

describe('a Python of unknown structure', async () => {
  for (const { version, path: python } of await interpreters()) {
    describe(version, () => {
      afterEach(stopTargets);
      for (const [state, source] of Object.entries(STATES)) {
        test(`attach in ${state}`, async () => {
          const target = await startReady({ python, source });
          const agent = await attachUnknown(target);
          assert.equal(agent.welcome.pid, target.pid);
          agent.link.close();
          await assertUnharmed(target);
        });
      }
      suite(python);
    });
  }
});

function suite(python: string): void {
  const sleep = "import time\nprint('ready')\ntime.sleep(1000)";

  test('the phases are the same, and nothing is left', async () => {
    const folder = await emptyFolder();
    const target = await startReady({ python, source: sleep, env: { TMPDIR: folder } });
    const phases: Phase[] = [];
    const agent = await attachUnknown(target, {
      onPhase: (phase) => phases.at(-1) === phase || phases.push(phase),
    });
    agent.link.close();
    await assertUnharmed(target);
    assert.deepEqual(phases, [...PHASES]);
    assert.deepEqual(readdirSync(folder), []);
  });

  test('a script runs', async () => {
    const target = await startReady({ python, source: sleep });
    const script = { text: "print('ran', sum(map(int, '123')))" };
    await execScript({ pid: target.pid, thread: 'main', timeoutMs: 10_000, script }, NO_LAYOUTS);
    await target.waitFor('ran 6\n');
  });

  test('a request is taken back when its time is over, and when it is cancelled', async () => {
    const folder = await emptyFolder();
    for (const way of ['timeout', 'cancel'] as const) {
      const target = await startReady({ python, source: LOCKED, env: { TMPDIR: folder } });
      const waits = attachUnknown(target, {
        timeoutMs: way === 'timeout' ? 300 : 10_000,
        ...(way === 'cancel' ? { signal: AbortSignal.timeout(300) } : {}),
      });
      await assert.rejects(waits, { id: way === 'timeout' ? 'attach-timeout' : 'attach-cancelled' });
      assert.deepEqual(readdirSync(folder), []);
      target.write('\n');
      await target.waitForExit();
      assert.equal(target.output(), 'ready\nclean\n');
    }
  });

  test('a wait for a lock is named when the time is over', async () => {
    const target = await startReady({
      python,
      source: "import threading\nprint('ready')\nthreading.Event().wait()",
    });
    await assert.rejects(attachUnknown(target, { timeoutMs: 500 }), {
      id: 'attach-timeout',
      text: `Python did not come by within 0.5 s: thread ${target.pid} waits for a lock (futex). The request was taken back.`,
    });
    await assertUnharmed(target);
  });

  test('only the main thread can be asked', async () => {
    const target = await startReady({ python, source: sleep });
    await assert.rejects(attachUnknown(target, { thread: target.pid + 1 }), { id: 'no-such-thread' });
    const agent = await attachUnknown(target, { thread: target.pid });
    agent.link.close();
    await assertUnharmed(target);
  });

  test('remote debugging that is switched off stays off', async () => {
    const target = await startReady({ python, source: sleep, pythonArgs: ['-X', 'disable-remote-debug'] });
    await assert.rejects(attachUnknown(target), { id: 'remote-debug-disabled' });
    await assertUnharmed(target);
  });

  test('a target in a wait that the program may see ended is asked with a word', async () => {
    const target = await startReady({ python, source: STATES['signal.pause'] ?? '' });
    const agent = await attachUnknown(target);
    assert.equal(agent.notices?.length, 1);
    agent.link.close();
    await assertUnharmed(target);
  });

  test('where reading leaves no trace, nothing is asked', async () => {
    const target = await startReady({ python, source: sleep });
    const opened = await openAnyTarget(target.pid, NO_LAYOUTS);
    assert.ok('version' in opened);
    const options = {
      choice: 'any',
      path: '/dev/null',
      deadline: Infinity,
      timeoutMs: 1,
      onNews: () => undefined,
    } as const;
    await assert.rejects(runScript(opened, { ...options, wasRead: () => undefined }), {
      id: 'python-unknown',
      text: /noatime/,
    });
    opened.process.close();
  });

  test('an executable that was removed is started all the same', async () => {
    const program = await installed(python, 'python3');
    const target = await startReady({ python: program, source: sleep });
    await rm(program);
    const outcome = await attachUnknown(target).then(
      (agent) => agent.link.close(),
      (error: Error) => error.message,
    );
    // Early releases of 3.14 do not find themselves in a process whose file is gone, and say so.
    assert.match(outcome ?? 'PyRuntime', /PyRuntime/);
    await assertUnharmed(target);
  });

  test('a program that embeds Python is never started', async () => {
    const target = await startReady({ python: await installed(python, 'game'), source: sleep });
    await assert.rejects(attachUnknown(target), {
      id: 'python-unknown',
      text: /its program game embeds Python/,
    });
    await assertUnharmed(target);
  });

  test('a target of another user is asked with his rights', { skip: notRoot() }, async () => {
    const target = await startReady({ python, source: sleep, uid: NOBODY });
    const agent = await attachUnknown(target);
    agent.link.close();
    await assertUnharmed(target);
  });

  test('a target in namespaces of its own', { skip: notRoot() }, async () => {
    const namespaces = ['--mount', '--mount-proc', '--pid', '--fork', '--kill-child'];
    const target = await startReady({
      python: 'unshare',
      source: sleep,
      pythonArgs: [...namespaces, python, '-u'],
    });
    const pid = childOf(target);
    const agent = await attachUnknown(target, { pid });
    assert.equal(agent.welcome.pid, 1);
    agent.link.close();
    await assertUnharmed(target);
  });
}

/** A copy of the interpreter under another name, which finds its library from where it stands. */
async function installed(python: string, name: string): Promise<string> {
  const folder = await emptyFolder();
  await mkdir(join(folder, 'bin'));
  await symlink(join(dirname(python), '../lib'), join(folder, 'lib'));
  await copyFile(python, join(folder, 'bin', name));
  return join(folder, 'bin', name);
}

function childOf(target: Target): number {
  return Number(readFileSync(`/proc/${target.pid}/task/${target.pid}/children`, 'latin1').trim());
}

function notRoot(): string | false {
  return process.geteuid?.() === 0 ? false : 'needs root';
}
