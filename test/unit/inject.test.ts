import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ScriptRequest } from '../../src/inject/arm';
import { attach, inspect } from '../../src/inject/attach';
import { walkInterpreter } from '../../src/inject/runtime';
import { openTarget } from '../../src/inject/target';
import type { AttachedAgent, AttachOptions, Phase } from '../../src/inject/types';
import { PHASES } from '../../src/inject/types';
import { standin } from '../support/standin';
import { emptyFolder, startNow, startReady, stopTargets } from '../support/readyTargets';
import { interpreters } from '../support/targets';
import type { Target } from '../support/targets';

const CONFIG = { justMyCode: true, stopThreads: 'all', showReturnValue: false } as const;
const LIMIT_MS = 10_000;

function attachTo(target: Target | number, options: Partial<AttachOptions> = {}): Promise<AttachedAgent> {
  const pid = typeof target === 'number' ? target : target.pid;
  return attach({ pid, thread: 'any', timeoutMs: LIMIT_MS, config: CONFIG, ...options }, standin);
}

/** Attaches, and lets go again. The target must live on and have printed nothing more. */
async function attachOnce(target: Target, options: Partial<AttachOptions> = {}): Promise<AttachedAgent> {
  const before = target.output();
  const agent = await attachTo(target, options);
  assert.equal(agent.welcome.pid, target.pid);
  agent.link.close();
  await delay(50);
  assert.equal(target.alive(), true, `the target ended (${target.exit})`);
  assert.equal(target.output(), before);
  return agent;
}

const STATES: Record<string, string> = {
  'a busy loop': "print('ready')\nwhile True: pass",
  'time.sleep': "import time\nprint('ready')\ntime.sleep(1000)",
  'socket.accept': "import socket\ns = socket.create_server(('127.0.0.1', 0))\nprint('ready')\ns.accept()",
  'an idle asyncio loop':
    "import asyncio\nasync def main():\n    print('ready')\n    await asyncio.Event().wait()\nasyncio.run(main())",
  'reading stdin': "import sys\nprint('ready')\nsys.stdin.readline()",
  'input()': "print('ready')\ninput()",
  'a lock wait of the only thread': "import threading\nprint('ready')\nthreading.Event().wait()",
  'a join, while the other thread waits for a lock':
    "import threading\nt = threading.Thread(target=threading.Event().wait)\nt.start()\nprint('ready')\nt.join()",
  'a join, while the other thread sleeps':
    "import threading, time\nt = threading.Thread(target=time.sleep, args=(1000,))\nt.start()\nprint('ready')\nt.join()",
  'two busy threads':
    "import threading\ndef f():\n    while True: pass\nthreading.Thread(target=f).start()\nprint('ready')\nf()",
  'waiting for a child': "import subprocess\nprint('ready')\nsubprocess.run(['sleep', '20'])",
  'signal.pause': "import signal\nprint('ready')\nwhile True: signal.pause()",
};

describe('attach', async () => {
  for (const { version, path: python } of await interpreters()) {
    describe(version, () => {
      afterEach(stopTargets);
      for (const [state, source] of Object.entries(STATES)) {
        test(`in ${state}`, async () => {
          await attachOnce(await startReady({ python, source }));
        });
      }
      suite(python);
    });
  }
});

function suite(python: string): void {
  const busy = "print('ready')\nwhile True: pass";
  const inC = "print('ready')\nsum(range(10**12))";

  test('the phases are announced in order, and nothing is left', async () => {
    const folder = await emptyFolder();
    const phases: Phase[] = [];
    const agent = await attachOnce(await startReady({ python, source: busy, env: { TMPDIR: folder } }), {
      onPhase: (phase) => phases.at(-1) === phase || phases.push(phase),
    });
    assert.deepEqual(phases, [...PHASES]);
    assert.deepEqual(Object.keys(agent.timings), [...PHASES]);
    assert.deepEqual(readdirSync(folder), []);
  });

  test('what a dead session has left is swept, what a living one uses is not', async () => {
    const folder = await emptyFolder();
    const [dead, elsewhere, living, halfMade, justMade, forAnother, forNobody] = [1, 2, 3, 4, 5, 6, 7].map(
      (n) => `pylatch-${n}`.padEnd(24, '0'),
    );
    const leave = async (name = '', owner: string): Promise<void> => {
      await mkdir(join(folder, name), { mode: 0o700 });
      await writeFile(join(folder, name, 'owner'), owner);
      await writeFile(join(folder, name, 'stub.py'), '');
    };
    const namespace = readlinkSync('/proc/self/ns/pid');
    const begun = readFileSync('/proc/self/stat', 'latin1').split(' ')[21];
    await leave(dead, `${process.pid} 1 ${namespace}\n`);
    await leave(elsewhere, `${process.pid} 1 pid:[1]\n`);
    await leave(living, `${process.pid} ${begun} ${namespace}\n`);
    await leave(forAnother, `${process.pid} 1 ${namespace}\n${process.pid} ${begun}\n`);
    await leave(forNobody, `${process.pid} 1 ${namespace}\n${process.pid} 1\n`);
    await leave(halfMade, '');
    await leave(justMade, '');
    await utimes(join(folder, halfMade!), 0, 0);
    await attachOnce(await startReady({ python, source: busy, env: { TMPDIR: folder } }));
    assert.deepEqual(readdirSync(folder).sort(), [elsewhere, living, justMade, forAnother]);
  });

  test('an agent that a killed session has left is dismissed', async () => {
    const folder = await emptyFolder();
    const left = join(folder, 'pylatch-0123456789abcdef');
    await mkdir(left);
    await writeFile(join(left, 'owner'), `${process.pid} 1 ${readlinkSync('/proc/self/ns/pid')}\n`);
    const agent = createServer((socket) => socket.resume().once('end', () => agent.emit('left')));
    const metAndLeft = once(agent, 'left');
    await once(agent.listen(join(left, 'sock')), 'listening');
    await attachOnce(await startReady({ python, source: busy, env: { TMPDIR: folder } }));
    await metAndLeft;
    agent.close();
    assert.deepEqual(readdirSync(folder), []);
  });

  test('a request that a killed session has left is taken back before its script goes', async () => {
    const folder = await emptyFolder();
    const left = join(folder, 'pylatch-0123456789abcdef');
    await mkdir(left);
    await writeFile(join(left, 'stub.py'), "print('the stub ran')");
    await writeFile(join(left, 'owner'), `${process.pid} 1 ${readlinkSync('/proc/self/ns/pid')}\n`);
    const source = `
import sys, threading
lock = threading.Lock()
lock.acquire()
worker = threading.Thread(target=lock.acquire)
worker.start()
print('ready')
sys.stdin.readline()
lock.release()
worker.join()
print('over')
`;
    const target = await startReady({ python, source, env: { TMPDIR: folder } });
    await armWorker(target, join(left, 'stub.py'));
    await attachOnce(target, { thread: 'main' });
    target.write('\n');
    await target.waitForExit();
    assert.equal(target.output(), 'ready\nover\n');
  });

  test('a target in a pid namespace of its own', { skip: notRoot() }, async () => {
    // To unshare, the first -u means a host name of its own.
    const source = "import time\nprint('ready')\ntime.sleep(1000)";
    const target = await startReady({
      python: 'unshare',
      source,
      pythonArgs: ['--pid', '--fork', '--kill-child', python, '-u'],
    });
    for (const thread of ['any', 'main', 1] as const) {
      const agent = await attachTo(childOf(target), { thread });
      assert.equal(agent.welcome.pid, 1);
      agent.link.close();
      await delay(50);
    }
  });

  test('a process that has only just been started', async () => {
    const source = "import time\nprint('started')\ntime.sleep(1000)";
    for (let times = 0; times < 6; times++) {
      const target = await startNow({ python, source });
      await delay(times);
      const agent = await attachTo(target);
      agent.link.close();
      await target.waitFor('started\n');
      assert.equal(target.output(), 'started\n');
    }
  });

  test('a sleep is as long as without us', async () => {
    const source = `
import time
print('ready')
begin = time.monotonic()
time.sleep(1.5)
print('slept', time.monotonic() - begin, 'seconds')
time.sleep(1000)
`;
    const target = await startReady({ python, source });
    // The last one comes late: a sleep that began anew then would last about 2.5 s.
    for (let times = 0; times < 5; times++) {
      await attachOnce(target);
      await delay(150);
    }
    await target.waitFor('seconds');
    const slept = Number(/slept (\S+)/.exec(target.output())?.[1]);
    assert.ok(slept >= 1.5 && slept < 2.2, `${slept} s instead of 1.5`);
  });

  test('several threads take it once', async () => {
    const source = `
import sys, threading, time
def busy():
    while True:
        pass
for _ in range(4):
    threading.Thread(target=busy, daemon=True).start()
print('ready')
while True:
    time.sleep(0.2)
    if sys.stdin.readline():
        print('count', sys.__dict__.get('__count__'))
`;
    const target = await startReady({ python, source });
    await attachOnce(target);
    target.write('\n');
    await target.waitFor('count 1');
  });

  test('the chosen thread takes it', async () => {
    const source = `
import threading, time
worker = threading.Thread(target=time.sleep, args=(1000,))
worker.start()
print('worker', worker.native_id, 'ready')
time.sleep(1000)
`;
    const target = await startReady({ python, source });
    const worker = Number(/worker (\d+)/.exec(target.output())?.[1]);
    for (const [thread, taker] of [
      ['main', target.pid],
      [worker, worker],
    ] as const) {
      const details: (string | undefined)[] = [];
      await attachOnce(target, {
        thread,
        onPhase: (phase, detail) => phase === 'seen' && details.push(detail),
      });
      assert.deepEqual(details, [`thread ${taker}`]);
    }
    await assert.rejects(attachTo(target, { thread: 1 }), { id: 'no-such-thread' });
  });

  test('C code that does not return: the limit is kept and the request taken back', async () => {
    const folder = await emptyFolder();
    const target = await startReady({ python, source: inC, env: { TMPDIR: folder } });
    const expected = {
      id: 'attach-timeout',
      text: new RegExp(`thread ${target.pid} runs C code.*taken back`),
    };
    await assert.rejects(attachTo(target, { timeoutMs: 400 }), expected);
    await expectDisarmed(target);
    assert.deepEqual(readdirSync(folder), []);
  });

  test('a cancel takes the request back, and the script never runs', async () => {
    const source = `
import sys, time
print('ready')
sum(range(60_000_000))
time.sleep(0.1)
print('seen:', '__count__' in sys.__dict__)
time.sleep(1000)
`;
    const target = await startReady({ python, source });
    const abort = new AbortController();
    const onPhase = (phase: Phase): unknown => phase === 'wake' && abort.abort();
    await assert.rejects(attachTo(target, { signal: abort.signal, onPhase }), { id: 'attach-cancelled' });
    await expectDisarmed(target);
    await target.waitFor('seen: False');
  });

  test('a target that ends meanwhile is named', async () => {
    const target = await startReady({ python, source: inC });
    const onPhase = (phase: Phase): unknown => phase === 'wake' && process.kill(target.pid, 'SIGKILL');
    await assert.rejects(attachTo(target, { onPhase }), { id: 'target-ended' });
  });

  test('remote debugging switched off is respected', async () => {
    const byOption = await startReady({ python, source: busy, pythonArgs: ['-X', 'disable-remote-debug'] });
    await assert.rejects(attachTo(byOption), { id: 'remote-debug-disabled' });
    const byVariable = await startReady({ python, source: busy, env: { PYTHON_DISABLE_REMOTE_DEBUG: '' } });
    await assert.rejects(attachTo(byVariable), { id: 'remote-debug-disabled' });
  });

  test('a suspended process is refused', async () => {
    const target = await startReady({ python, source: busy });
    process.kill(target.pid, 'SIGSTOP');
    while (!readFileSync(`/proc/${target.pid}/stat`, 'latin1').includes(') T ')) await delay(10);
    await assert.rejects(attachTo(target), { id: 'interpreter-not-ready', fix: /kill -CONT/ });
    process.kill(target.pid, 'SIGCONT');
    await attachOnce(target);
  });

  test('a process of another user, from root, and its temporary folder', { skip: notRoot() }, async () => {
    const source = "import time\nprint('ready')\ntime.sleep(1000)";
    const closed = await emptyFolder();
    for (const TMPDIR of ['/no/such/folder', closed]) {
      await attachOnce(await startReady({ python, source, uid: 65534, env: { TMPDIR } }));
    }
  });
}

/** Asks the second thread to run a script, as a session does that is killed right then. */
async function armWorker({ pid }: Target, script: string): Promise<void> {
  const { process: memory, runtime } = await openTarget(pid);
  const worker = walkInterpreter(memory, runtime).threads[1];
  assert.ok(worker);
  new ScriptRequest(memory, runtime.offsets, script).arm(worker);
  memory.close();
}

function childOf({ pid }: Target): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1'));
}

/** Reads the pending flag of every thread back, by a walk of its own. */
async function expectDisarmed(target: Target): Promise<void> {
  const info = await inspect(target.pid);
  assert.deepEqual(
    info.threads.map((thread) => thread.scriptPending),
    [false],
  );
}

function notRoot(): string | false {
  return process.getuid?.() === 0 ? false : 'only root may start a target as another user';
}

describe('refusals', () => {
  test('there is no such process', async () => {
    await assert.rejects(attachTo(2 ** 30), { id: 'no-such-process' });
    await assert.rejects(attachTo(0), { id: 'no-such-process' });
  });

  test('a process without Python', async () => {
    const child = spawn('sleep', ['1000']);
    await assert.rejects(attachTo(child.pid ?? 0), { id: 'not-python' });
    child.kill();
  });

  test('a Python that is too old', async (context) => {
    const child = spawn('python3', ['-c', "print('ready', flush=True); input()"], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const minor = Number(/ (?:python)?3\.(\d+)/.exec(` ${await pythonVersion()}`)?.[1]);
    if (minor >= 14) return context.skip(`python3 is 3.${minor} here`);
    await assert.rejects(attachTo(child.pid ?? 0), {
      id: 'python-too-old',
      text: new RegExp(`Python 3\\.${minor}`),
    });
    child.kill();
  });

  test('no permission: the missing right is named', { skip: notRoot() }, async () => {
    const [first] = await interpreters();
    assert.ok(first);
    const target = await startReady({ python: first.path, source: "print('ready')\ninput()" });
    const report = await attachAs(65534, target.pid);
    assert.match(report, /no-permission.*belongs to user root.*sudo/s);
  });
});

function pythonVersion(): Promise<string> {
  return run('python3', ['-c', "import sys; print('3.%d' % sys.version_info[1])"]);
}

/** Attaches from a process of another user. */
function attachAs(uid: number, pid: number): Promise<string> {
  const script = `
    const { attach } = require(${JSON.stringify(require.resolve('../../src/inject/attach'))});
    process.setgid(${uid});
    process.setuid(${uid});
    attach({ pid: ${pid}, thread: 'any', timeoutMs: 1000, config: {} })
      .catch((error) => console.log(error.id, error.message));
  `;
  return run(process.execPath, ['--import', 'tsx', '-e', script]);
}

function run(program: string, args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    child.once('error', reject);
    child.once('close', () => resolve(text));
  });
}
