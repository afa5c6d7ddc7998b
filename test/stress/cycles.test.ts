import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { interpreters, startTarget } from '../support/targets';
import type { Target } from '../support/targets';
import { attachAndDetach, holdings, ownMemory } from './support';

/** On each of ten programs on each Python: 1,000 together. */
const CYCLES = 50;
const CROWD = 50;
const MIB = 1024 * 1024;
/** What extension modules keep until the program's next garbage collection, which may never come, and a margin. */
const MOST_MIB = 2;
/** A thread that first runs a script gets a piece of the C library's heap for itself, once; on a busy machine several do. */
const MOST_MIB_OF_A_THREAD = 0.25;
const LIMIT_MS = 5000;
const SETTLE_MS = 200;

const PROGRAMS: Record<string, string> = {
  'a busy loop': "print('ready')\nwhile True: pass",
  'time.sleep': "import time\nprint('ready')\ntime.sleep(1000)",
  'socket.accept': "import socket\ns = socket.create_server(('127.0.0.1', 0))\nprint('ready')\ns.accept()",
  'an idle asyncio loop':
    "import asyncio\nasync def main():\n    print('ready')\n    await asyncio.Event().wait()\nasyncio.run(main())",
  'a lock wait': "import threading\nprint('ready')\nthreading.Event().wait()",
  '50 sleeping threads':
    "import threading, time\nfor _ in range(50): threading.Thread(target=time.sleep, args=(1000,)).start()\nprint('ready')",
  'threads that come and go':
    "import threading, time\nprint('ready')\nwhile True:\n    t = threading.Thread(target=time.sleep, args=(0.002,))\n    t.start()\n    t.join()",
  'reading stdin': "import sys\nprint('ready')\nsys.stdin.readline()",
  'waiting for a child':
    "import subprocess\nprint('ready')\nsubprocess.Popen(['cat'], stdin=subprocess.PIPE).wait()",
  'an idle thread pool':
    "from concurrent.futures import ThreadPoolExecutor\nimport time\npool = ThreadPoolExecutor(4)\nlist(pool.map(time.sleep, [0.01] * 8))\nprint('ready')\ntime.sleep(1000)",
};

const temporary = mkdtempSync(join(tmpdir(), 'cycles-'));
after(() => rmSync(temporary, { recursive: true }));

describe('attaching again and again', async () => {
  for (const { version, path: python } of await interpreters()) {
    for (const [name, source] of Object.entries(PROGRAMS)) {
      test(`${version}: ${name}: ${CYCLES} times, and nothing is left`, async () => {
        const target = await start(python, source);
        try {
          await expectFlat(target, name === 'threads that come and go');
        } finally {
          await target.stop();
        }
      });
    }
  }

  test(`${2 * CROWD} processes at once`, async () => {
    const targets = (await Promise.all((await interpreters()).map(({ path }) => crowd(path)))).flat();
    try {
      const look = () => ({
        ours: holdings(process.pid).descriptors,
        theirs: targets.map(({ pid }) => holdings(pid)),
      });
      const before = look();
      await Promise.all(targets.map(({ pid }) => attachAndDetach(pid)));
      await settled(() => assert.deepEqual(look(), before));
      for (const target of targets) assert.equal(target.alive() && target.output(), 'ready\n');
    } finally {
      await Promise.all(targets.map((target) => target.stop()));
    }
    assert.deepEqual(readdirSync(temporary), []);
  });
});

async function start(python: string, source: string, pythonArgs: string[] = []): Promise<Target> {
  const target = await startTarget({ python, source, pythonArgs, env: { TMPDIR: temporary } });
  await target.waitFor('ready\n', 30_000);
  // What comes after the line is part of what it holds: a child, a thread.
  await delay(SETTLE_MS);
  return target;
}

/** Light ones, a few at a time: starting them is the most work. */
async function crowd(python: string): Promise<Target[]> {
  const source = "import time\nprint('ready')\ntime.sleep(1000)";
  const targets: Target[] = [];
  while (targets.length < CROWD) {
    const some = Array.from({ length: 5 }, () => start(python, source, ['-I', '-S']));
    targets.push(...(await Promise.all(some)));
  }
  return targets;
}

/** The first cycle loads code that both sides keep, so memory is counted from there. */
async function expectFlat(target: Target, threadsVary: boolean): Promise<void> {
  const { pid } = target;
  const [before, ours] = [holdings(pid), holdings(process.pid)];
  await attachAndDetach(pid);
  const [heap, memory] = [usedHeap(), ownMemory(pid)];
  for (let cycle = 1; cycle < CYCLES; cycle++) await attachAndDetach(pid);
  await settled(() => {
    const now = holdings(pid);
    assert.deepEqual(now.descriptors, before.descriptors);
    assert.equal(now.children, before.children);
    if (!threadsVary) assert.equal(now.threads, before.threads);
  });
  await settled(() => assert.deepEqual(holdings(process.pid).descriptors, ours.descriptors));
  assert.ok(usedHeap() - heap < 2 * MIB, `this process has grown by ${usedHeap() - heap} bytes`);
  const growth = (ownMemory(pid) - memory) / MIB;
  console.log(`${growth.toFixed(2)} MiB more`);
  const most = MOST_MIB + MOST_MIB_OF_A_THREAD * before.threads;
  assert.ok(growth <= most, `the target has grown by ${growth.toFixed(2)} MiB`);
  assert.equal(target.alive() && target.output(), 'ready\n');
  assert.deepEqual(readdirSync(temporary), []);
}

/** Sockets and threads take a moment to be gone. */
async function settled(check: () => void): Promise<void> {
  const until = performance.now() + LIMIT_MS;
  for (;;) {
    try {
      return check();
    } catch (error) {
      if (performance.now() > until) throw error;
    }
    await delay(20);
  }
}

function usedHeap(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}
