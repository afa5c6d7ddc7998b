/**
 * A process of its own that injects, for tests that kill it at any moment. Usage: injector attach|nudge PID.
 * It prints `ready`, waits for a byte on stdin, and begins.
 */
import { once } from 'node:events';
import { attach, preload } from '../../src/inject/attach';
import { walkInterpreter } from '../../src/inject/runtime';
import { openTarget } from '../../src/inject/target';

async function main(what: string, pid: number): Promise<void> {
  await preload();
  process.stdout.write('ready\n');
  await once(process.stdin, 'data');
  if (what === 'nudge') await nudge(pid);
  else await attachAndStay(pid);
}

/** Ends the waits of all threads, over and over. */
async function nudge(pid: number): Promise<void> {
  const { process: target, runtime } = await openTarget(pid);
  for (;;) {
    for (const { nativeId } of walkInterpreter(target, runtime).threads) {
      target.interrupt(nativeId, () => undefined);
    }
    process.stdout.write('.');
  }
}

async function attachAndStay(pid: number): Promise<void> {
  const config = { justMyCode: true, stopThreads: 'all', showReturnValue: false } as const;
  await attach({ pid, thread: 'any', timeoutMs: 10_000, config });
  process.stdout.write('.');
  await new Promise(() => undefined);
}

void main(process.argv[2] ?? '', Number(process.argv[3]));
