/** From a process id to an agent that answers. */
import { setTimeout as delay } from 'node:timers/promises';
import { agentAssets } from './assets';
import { connectAgent, HeldByAnother } from './connect';
import { targetOs } from './os/index';
import type { SessionPlace } from './os/index';
import { defuse, hasOwnerEnded, placeAgent } from './place';
import type { Placed } from './place';
import { LAYOUTS } from './offsets';
import { RefusalWatch } from './refusal-watch';
import { runScript } from './run';
import { alreadyAttached, endedError } from './refusals';
import { awaitStart, endedOr, hasEnded, openAnyTarget, preflight } from './target';
import type { OpenTarget, UnknownTarget } from './target';
import type { AttachedAgent, AttachOptions, Phase } from './types';
import { cancelled } from './wake';

export { execScript } from './exec';
export { inspect } from './target';
export type { TargetInfo, ThreadInfo } from './target';

/** A stub that was taken just before its request was withdrawn shows itself within this time. */
const AFTERMATH_MS = 100;
/** An agent whose session has died before they met lets go within this time (`ACCEPT_LIMIT` of link.py). */
const ABANDONED_MS = 4000;
const POLL_MS = 2;

/** Loads what the first attach needs (native code, about 10 ms) ahead of it. */
export function preload(): Promise<void> {
  return targetOs().prepare();
}

/**
 * Attaches to a running Python process.
 * @param assets reads what is placed in the target's reach, for its minor version
 * @param layouts the known layouts of Python's structures, by minor version
 * @throws PylatchError what stood in the way; nothing of ours runs in the target afterwards
 */
export async function attach(
  options: AttachOptions,
  assets = agentAssets,
  layouts = LAYOUTS,
): Promise<AttachedAgent> {
  const phases = new PhaseClock(options.onPhase);
  const deadline = performance.now() + options.timeoutMs;
  phases.enter('inspect');
  giveUpIfAborted(options);
  const target = await openAnyTarget(options.pid, layouts);
  try {
    phases.enter('preflight');
    await awaitStart(target, deadline);
    preflight(target, options.thread);
    return await attachAlone(target, assets, options, phases, deadline);
  } catch (error) {
    throw endedOr(target, error);
  } finally {
    target.process.close();
  }
}

/** One session serves a process at a time. The agent of one that has died is outlasted. */
async function attachAlone(
  target: OpenTarget | UnknownTarget,
  assets: typeof agentAssets,
  options: AttachOptions,
  phases: PhaseClock,
  deadline: number,
): Promise<AttachedAgent> {
  const { minor } = 'runtime' in target ? target.runtime.offsets.version : target.version;
  const patience = performance.now() + ABANDONED_MS;
  for (;;) {
    phases.enter('place');
    giveUpIfAborted(options);
    const placed = await placeAgent(target, assets(minor));
    try {
      return await bringIn(target, placed, options, phases, deadline);
    } catch (error) {
      if (!(error instanceof HeldByAnother)) throw error;
      if (!hasOwnerEnded(target.os, error.session) || performance.now() > patience) throw alreadyAttached();
    }
    await delay(AFTERMATH_MS);
  }
}

async function bringIn(
  target: OpenTarget | UnknownTarget,
  placed: Placed,
  options: AttachOptions,
  phases: PhaseClock,
  deadline: number,
): Promise<AttachedAgent> {
  const { place, script, token } = placed;
  const notices: string[] = [];
  try {
    const watch = 'runtime' in target ? new RefusalWatch(target) : undefined;
    phases.enter('arm');
    const taker = await runScript(target, {
      choice: options.thread,
      path: script,
      wasRead: () => place.wasRead('stub.py'),
      deadline,
      timeoutMs: options.timeoutMs,
      signal: options.signal,
      onNews: (phase, detail) => {
        if (phase === 'notice' && detail !== undefined) notices.push(detail);
        if (phase === 'arm') phases.enter('wake');
        else phases.note(detail);
      },
    });
    phases.enter('seen', `thread ${taker.nativeId}`);
    watch?.start();
    const check = (): void => {
      checkTarget(target, options);
      watch?.look(taker.nativeId, place, 'stub.py');
    };
    const agent = await connectAgent(place, { config: options.config, token, deadline, check });
    phases.enter('connected');
    return { ...agent, timings: phases.finish(), notices };
  } catch (error) {
    await undo(place);
    throw error;
  } finally {
    place.remove();
  }
}

/**
 * The request was withdrawn, but a thread may have taken it in the same moment. The stub it reads is empty by
 * now, or the agent is coming up: then it is met and left at once, upon which it undoes itself.
 */
async function undo(place: SessionPlace): Promise<void> {
  defuse(place);
  const deadline = performance.now() + AFTERMATH_MS;
  while (performance.now() < deadline) {
    const socket = await place.connect().catch(() => undefined);
    socket?.destroy();
    if (socket !== undefined) return;
    await delay(POLL_MS);
  }
}

function giveUpIfAborted({ signal, pid }: AttachOptions): void {
  if (signal?.aborted === true) throw cancelled(pid);
}

function checkTarget(target: OpenTarget | UnknownTarget, options: AttachOptions): void {
  giveUpIfAborted(options);
  if (hasEnded(target)) throw endedError(target.status.pid);
}

/** Announces the phases and measures them. */
class PhaseClock {
  private readonly timings: Partial<Record<Phase, number>> = {};
  private current: Phase | undefined;
  private since = 0;

  constructor(private readonly announce: AttachOptions['onPhase']) {}

  enter(phase: Phase, detail?: string): void {
    this.finish();
    this.current = phase;
    this.since = performance.now();
    this.announce?.(phase, detail);
  }

  note(detail?: string): void {
    if (this.current !== undefined) this.announce?.(this.current, detail);
  }

  finish(): Partial<Record<Phase, number>> {
    if (this.current !== undefined) this.timings[this.current] = performance.now() - this.since;
    return this.timings;
  }
}
