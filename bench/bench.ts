/** What all measurements share. */
import { setTimeout as delay } from 'node:timers/promises';
import { startTarget } from '../test/support/targets';
import type { Target, TargetOptions } from '../test/support/targets';
import type { Figure } from './figures';
import { Session } from './tools';
import type { Tool } from './tools';

export { delay };

export interface Bench {
  /** The interpreter of every target, of debugpy and of pdb. */
  python: string;
  /** Folder of the build that is measured. */
  dist: string;
  pylatch: Tool;
  debugpy: Tool;
  nodelay: Tool;
  /** Fresh processes for each tool. */
  rounds: number;
  /** Steps for each tool. */
  steps: number;
}

export type Measurement = (bench: Bench) => Promise<Figure[]>;

/** So long an adapter gets to load what it loads ahead, before a measurement of a warm one begins. */
const SETTLE_MS = 300;

/** Runs with a fresh target that has said it is ready, and stops it afterwards. */
export async function withTarget<T>(options: TargetOptions, use: (target: Target) => Promise<T>): Promise<T> {
  const target = await startTarget(options);
  try {
    await target.waitFor('ready');
    return await use(target);
  } finally {
    await target.stop();
  }
}

/** Runs with an adapter that has been initialized and has come to rest, and ends it afterwards. */
export async function withAdapter<T>(tool: Tool, use: (session: Session) => Promise<T>): Promise<T> {
  const session = Session.start(tool);
  try {
    await session.initialize();
    await delay(SETTLE_MS);
    return await use(session);
  } finally {
    await session.kill();
  }
}

/** Milliseconds that something takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Notes a sample. */
export function note(figure: Figure, tool: Tool['name'], sample: number): void {
  (figure.samples[tool] ??= []).push(sample);
}

/** The tools' turns are taken sample by sample, so that a busy moment of the machine meets all of them. */
export async function inTurns<T>(
  rounds: number,
  tools: T[],
  sample: (tool: T) => Promise<void>,
): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (const tool of tools) await sample(tool);
  }
}
