import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Target, TargetOptions } from './targets';
import { startTarget } from './targets';

/** Long enough for a target that has printed to go on to what it does next. */
const SETTLE_MS = 100;

const targets: Target[] = [];
const folders: string[] = [];

after(async () => {
  await stopTargets();
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true })));
});

/** Stops all targets of this test file: those that stay busy would slow down all that follow. */
export async function stopTargets(): Promise<void> {
  await Promise.all(targets.splice(0).map((target) => target.stop()));
}

/** Starts a target, which ends with the others of the file. */
export async function startNow(options: TargetOptions): Promise<Target> {
  const target = await startTarget(options);
  targets.push(target);
  return target;
}

/** Starts a target and waits until it has printed `ready` and gone on to what it does next. */
export async function startReady(options: TargetOptions): Promise<Target> {
  const target = await startNow(options);
  await target.waitFor('ready\n');
  await delay(SETTLE_MS);
  return target;
}

/** The target goes on, and has printed nothing since it was ready. */
export async function assertUnharmed(target: Target): Promise<void> {
  await delay(SETTLE_MS);
  assert.equal(target.alive(), true, `the target ended (${target.exit})`);
  assert.equal(target.output(), 'ready\n');
}

/** A temporary folder for one target. It goes with the test file. */
export async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'empty-'));
  folders.push(folder);
  return folder;
}
