import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { build } from 'esbuild';
import { HALF_MADE_MS, OWNER } from '../../src/inject/os/session-folder';
import { interpreters, startTarget } from '../support/targets';
import type { Target } from '../support/targets';
import { attachAndDetach, randomNumbers, threadStates } from './support';

const ROOT = join(__dirname, '..', '..');
/** On each Python; both together are the 200 of the contract. */
const KILLS = 100;
/** An attach takes about 30 ms in a fresh process. */
const LONGEST_LIFE_MS = 50;
const PROMPT_MS = 5000;

/** Waits of several kinds, and a line for each turn of the main thread. */
const PROGRAM = `
import os, select, socket, sys, threading, time
pair = socket.socketpair()
for wait in (lambda: pair[0].recv(1), lambda: select.poll().poll(), threading.Event().wait, lambda: time.sleep(1000)):
    threading.Thread(target=wait, daemon=True).start()
print('ready')
while True:
    time.sleep(0.005)
    if os.path.exists(sys.argv[1] + '.ask'):
        os.rename(sys.argv[1] + '.ask', sys.argv[1] + '.answer')
`;

const folder = mkdtempSync(join(tmpdir(), 'killed-'));
after(() => rmSync(folder, { recursive: true }));

describe('an injector that is killed', async () => {
  const script = await bundled();
  for (const { version, path: python } of await interpreters()) {
    test(`${version}: while it wakes threads: none stays stopped`, async () => {
      await withTarget(python, async (target) => {
        await killOften(script, 'nudge', target, async () => {
          await until(() => threadStates(target.pid).every((state) => !'tT'.includes(state)));
        });
      });
    });

    test(`${version}: while it attaches: the program goes on, and the next attach works`, async () => {
      await withTarget(python, async (target, temporary) => {
        await killOften(script, 'attach', target, () => attachAndDetach(target.pid));
        await expectSwept(target, temporary);
      });
    });
  }
});

/** A folder whose maker was killed before it had written its name into it is left alone for a while. */
async function expectSwept(target: Target, temporary: string): Promise<void> {
  const left = readdirSync(temporary);
  const whole = left.filter((name) => !isHalfMade(join(temporary, name)));
  assert.deepEqual(whole, [], 'these should be gone');
  if (left.length === 0) return;
  await delay(HALF_MADE_MS + 500);
  await attachAndDetach(target.pid);
  assert.deepEqual(readdirSync(temporary), []);
}

function isHalfMade(folder: string): boolean {
  const owner = join(folder, OWNER);
  return !existsSync(owner) || readFileSync(owner).length === 0;
}

/** The injector as one file: it starts in a tenth of the time. Native code is found in the project's own folder. */
async function bundled(): Promise<string> {
  const outfile = join(folder, 'dist', 'injector.js');
  await build({
    entryPoints: [join(__dirname, 'injector.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    external: ['koffi'],
  });
  cpSync(join(ROOT, 'dist', 'agent'), join(folder, 'dist', 'agent'), { recursive: true });
  return outfile;
}

/** The target has a temporary folder of its own, in which nothing may stay. */
async function withTarget(
  python: string,
  use: (target: Target, temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = mkdtempSync(join(folder, 'tmp-'));
  const args = [join(folder, 'sign')];
  const target = await startTarget({ python, source: PROGRAM, args, env: { TMPDIR: temporary } });
  try {
    await target.waitFor('ready\n');
    await use(target, temporary);
  } finally {
    await target.stop();
  }
}

async function killOften(
  script: string,
  what: 'nudge' | 'attach',
  target: Target,
  check: () => Promise<void>,
): Promise<void> {
  const random = randomNumbers(what);
  let next = startInjector(script, what, target.pid);
  for (let kill = 0; kill < KILLS; kill++) {
    const injector = await next;
    // The next one starts while this one works: most of its time is Node's start.
    next = startInjector(script, what, target.pid);
    injector.stdin?.write('go');
    await delay(random() * LONGEST_LIFE_MS);
    const ended = once(injector, 'exit');
    injector.kill('SIGKILL');
    assert.deepEqual(await ended, [null, 'SIGKILL']);
    await check();
    await expectGoesOn(target);
  }
  (await next).kill('SIGKILL');
}

async function startInjector(script: string, what: string, pid: number): Promise<ChildProcess> {
  const env = { ...process.env, NODE_PATH: join(ROOT, 'node_modules') };
  const child = spawn(process.execPath, [script, what, String(pid)], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.on('error', () => undefined);
  await once(child.stdout, 'data');
  return child;
}

/** The program answers in its own way, and has printed nothing more. */
async function expectGoesOn(target: Target): Promise<void> {
  const sign = join(folder, 'sign');
  writeFileSync(`${sign}.ask`, '');
  await until(() => existsSync(`${sign}.answer`));
  rmSync(`${sign}.answer`);
  assert.equal(target.output(), 'ready\n');
  assert.equal(target.alive(), true);
}

async function until(done: () => boolean): Promise<void> {
  const limit = performance.now() + PROMPT_MS;
  while (!done()) {
    assert.ok(performance.now() < limit, 'not in time');
    await delay(1);
  }
}
