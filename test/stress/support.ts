import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { attach } from '../../src/inject/attach';
import type { AgentConfig } from '../../src/common/wire';
import type { AttachedAgent } from '../../src/inject/types';

const CONFIG: AgentConfig = { justMyCode: true, stopThreads: 'all', showReturnValue: false };
const LIMIT_MS = 20_000;

/** Attaches with the real agent, detaches as the adapter does, and waits until the agent is gone. */
export async function attachAndDetach(pid: number): Promise<void> {
  const { link } = await attachAgent(pid);
  const gone = new Promise<void>((resolve) => link.onClose(() => resolve()));
  link.send({ seq: 1, command: 'detach', arguments: {} });
  await gone;
}

/** With the real agent. A session before that is just ending may still hold the process. */
async function attachAgent(pid: number): Promise<AttachedAgent> {
  const until = performance.now() + LIMIT_MS;
  for (;;) {
    try {
      return await attach({ pid, thread: 'any', timeoutMs: LIMIT_MS, config: CONFIG });
    } catch (error) {
      if ((error as { id?: string }).id !== 'already-attached' || performance.now() > until) throw error;
      await delay(10);
    }
  }
}

/** What a process has that an attach may not leave behind. */
export interface Holdings {
  descriptors: string[];
  threads: number;
  children: string;
}

export function holdings(pid: number): Holdings {
  const names = readdirSync(`/proc/${pid}/fd`);
  return {
    descriptors: names.flatMap((name) => linkOf(`/proc/${pid}/fd/${name}`)).sort(),
    threads: readdirSync(`/proc/${pid}/task`).length,
    children: readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1'),
  };
}

/** Nothing for one that is gone meanwhile: the one with which the folder is read. */
function linkOf(path: string): string[] {
  try {
    return [readlinkSync(path)];
  } catch {
    return [];
  }
}

/** Memory of a process that is its own, bytes. */
export function ownMemory(pid: number): number {
  const kib = /RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  return Number(kib) * 1024;
}

/** States of all threads, one letter each (proc(5)). */
export function threadStates(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((tid) => {
    try {
      return /\) (\S)/.exec(readFileSync(`/proc/${pid}/task/${tid}/stat`, 'latin1'))?.[1] ?? [];
    } catch {
      return [];
    }
  });
}

/** Random numbers from 0 to 1 that a seed repeats (mulberry32). The seed is printed. */
export function randomNumbers(what: string): () => number {
  const seed = Number(process.env['PYLATCH_SEED'] ?? Date.now() % 1_000_000);
  console.log(`${what}: PYLATCH_SEED=${seed}`);
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
