import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { execScript } from '../../src/inject/exec';
import { addPendingCall, findPendingQueue } from '../../src/inject/pending';
import { walkInterpreter } from '../../src/inject/runtime';
import { openTarget } from '../../src/inject/target';
import { runByMemory } from '../../src/inject/wake';
import { interpreters, startTarget } from '../support/targets';
import type { Target } from '../support/targets';

const PTRACE_SEIZE = 0x4206;
const LIMIT_MS = 10_000;
const LOCK_WAIT = "import threading\nprint('ready')\nthreading.Event().wait()";
const SLEEPER = "import time\nprint('ready')\ntime.sleep(1000)";

describe('obstacles', async () => {
  for (const { version, path: python } of await interpreters()) {
    test(`${version}: a thread that another tool traces: the tool is named, and afterwards it can be woken`, async (t) => {
      const target = await sleeper(t, python);
      const tracer = await trace(target.pid);
      try {
        await assert.rejects(exec(target, 500), {
          id: 'attach-timeout',
          text: new RegExp(
            `thread ${target.pid} sleeps .* because node \\(process ${tracer.pid}\\) traces it`,
          ),
        });
      } finally {
        tracer.kill();
      }
      await once(tracer, 'exit');
      await exec(target, LIMIT_MS);
    });

    test(`${version}: a thread that misses three interruptions is interrupted again`, async (t) => {
      const target = await sleeper(t, python);
      const open = await openTarget(target.pid);
      const { interrupt } = open.process;
      let misses = 0;
      open.process.interrupt = (tid, whileStopped) =>
        ++misses <= 3 ? 'not-waiting' : interrupt(tid, whileStopped);
      const taker = await runByMemory(open, {
        choice: 'any',
        // Nothing is there: a request with no script is one all the same.
        path: '',
        wasRead: () => undefined,
        deadline: performance.now() + LIMIT_MS,
        timeoutMs: LIMIT_MS,
        onNews: () => undefined,
      });
      assert.equal(taker.nativeId, target.pid);
      assert.ok(misses > 3);
      open.process.close();
    });

    test(`${version}: a main thread that waits for a lock with a call of a former session in its queue`, async (t) => {
      const target = await startTarget({ python, source: LOCK_WAIT });
      t.after(() => target.stop());
      await target.waitFor('ready\n');
      await delay(100);
      const { process, runtime } = await openTarget(target.pid);
      const queue = findPendingQueue(process, runtime);
      const [main] = walkInterpreter(process, runtime).threads;
      const { checkSignals, offsets } = runtime;
      assert.ok(queue !== undefined && main !== undefined && checkSignals !== undefined);
      assert.ok(addPendingCall(process, queue, checkSignals, main.address + offsets.thread.evalBreaker));
      process.close();
      await exec(target, LIMIT_MS);
    });

    for (const [name, source] of Object.entries(ENDS)) {
      test(`${version}: ${name}`, async (t) => {
        const target = await startTarget({ python, source });
        t.after(() => target.stop());
        await target.waitFor('ready\n');
        await delay(100);
        await exec(target, LIMIT_MS);
        target.write('go\n');
        await target.waitForExit();
        assert.deepEqual([target.output(), target.exit], ['ready\ndone True\n', 0]);
      });
    }
  }
});

/** The end of a program, in which the main thread waits for others. */
const ENDS: Record<string, string> = {
  'while the interpreter joins threads that are left (threading._shutdown)': `
import sys, threading
def work():
    sys.stdin.readline()
    print('done', 'ran' in sys.__dict__)
threading.Thread(target=work).start()
print('ready')
`,
  'while an atexit handler waits': `
import atexit, sys, threading
told = threading.Event()
def work():
    sys.stdin.readline()
    told.set()
threading.Thread(target=work, daemon=True).start()
def last():
    print('ready')
    told.wait()
    print('done', 'ran' in sys.__dict__)
atexit.register(last)
`,
};

async function sleeper(t: TestContext, python: string): Promise<Target> {
  const target = await startTarget({ python, source: SLEEPER });
  t.after(() => target.stop());
  await target.waitFor('ready\n');
  await delay(100);
  return target;
}

/** On its main thread. */
function exec(target: Target, timeoutMs: number): Promise<void> {
  const script = { text: "import sys\nsys.__dict__['ran'] = True\n" };
  return execScript({ pid: target.pid, thread: 'main', timeoutMs, script });
}

/** Another debugger that has seized the process and lets it run. */
async function trace(pid: number): Promise<ReturnType<typeof spawn>> {
  const program = `
    require(${JSON.stringify(require.resolve('../../src/inject/os/linux-native'))}).linuxNative().then((native) => {
      console.log(JSON.stringify(native.ptrace(${PTRACE_SEIZE}, ${pid}, 0)));
      setInterval(() => undefined, 1000);
    });`;
  const tracer = spawn(process.execPath, ['--import', 'tsx', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [answer] = (await once(tracer.stdout, 'data')) as [Buffer];
  assert.match(answer.toString(), /"value":0/);
  return tracer;
}
