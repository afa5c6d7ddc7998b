/** Gets a script request run: chooses threads, arms them, wakes those that wait, and watches until one took it. */
import { setTimeout as delay } from 'node:timers/promises';
import { PylatchError } from '../common/errors';
import { ScriptRequest } from './arm';
import { candidatesFor, disturbance, isPrompt, rank, sparedFor, waiting } from './candidates';
import type { Candidate } from './candidates';
import { MemoryError } from './os/index';
import type { ActivityKind, InterruptOutcome } from './os/index';
import { addPendingCall, findPendingQueue } from './pending';
import { ending, lifeStage, walkInterpreter } from './runtime';
import type { Interpreter, PythonThread } from './runtime';
import { endedError } from './refusals';
import { endedOr, hasEnded } from './target';
import type { OpenTarget } from './target';
import type { ThreadChoice } from './types';

/** How a request is run. */
export interface RunOptions {
  choice: ThreadChoice;
  /** The script must not run twice: one thread at a time is asked. Otherwise every thread that is asked may run it. */
  once?: boolean;
  /** The script, as the target names it. */
  path: string;
  /**
   * True once somebody has read it: the only sign where the target's structures are not known. Undefined where the
   * file system does not tell.
   */
  wasRead(): boolean | undefined;
  /** By `performance.now()`. */
  deadline: number;
  /** For the error's text, milliseconds. */
  timeoutMs: number;
  signal?: AbortSignal | undefined;
  /**
   * `arm` once the request stands in memory, `wake` with news of the threads it waits for, `notice` with what was
   * done that the program may notice.
   */
  onNews(phase: 'arm' | 'wake' | 'notice', detail?: string): void;
}

const POLL_MS = 1;
/** A woken thread runs the script well within this; if it has not, we look again. */
const ROUND_MS = 10;
const QUICK_ROUNDS = 10;
const SLOW_ROUND_MS = 100;
/** So many threads are looked at before the first is asked, if one of them can serve. */
const FIRST_LOOK = 32;
/** Every armed thread may run the stub: enough to find one that can, and no crowd. */
const MAX_ARMED = 64;
const WAKEABLE: ReadonlySet<ActivityKind> = new Set(['waiting', 'unknown', 'lock']);

/**
 * Runs the script in the target, by PEP 768's memory protocol.
 * @returns the thread that took it
 * @throws PylatchError `attach-timeout`, `attach-cancelled`, `target-ended`; the request is taken back then
 */
export async function runByMemory(target: OpenTarget, options: RunOptions): Promise<PythonThread> {
  const run = new ScriptRun(target, options);
  try {
    return await run.untilTaken();
  } catch (error) {
    throw endedOr(target, error);
  } finally {
    run.takeBack();
  }
}

class ScriptRun {
  private readonly request: ScriptRequest;
  private readonly started = performance.now();
  private lastNews = '';
  private candidates: Candidate[] = [];
  private queue: number | undefined;
  /** Native ids of threads whose program may have noticed us. */
  private readonly disturbed = new Set<number>();

  constructor(
    private readonly target: OpenTarget,
    private readonly options: RunOptions,
  ) {
    this.request = new ScriptRequest(target.process, target.runtime.offsets, options.path);
  }

  async untilTaken(): Promise<PythonThread> {
    for (let round = 0; ; round++) {
      this.look(round === 0 ? FIRST_LOOK : Infinity);
      const quick = this.oneByOne() ? this.askNext(round) : this.ask(round);
      if (quick !== undefined) return quick;
      if (round === 0) this.options.onNews('arm');
      const taken = await this.watch(round < QUICK_ROUNDS ? ROUND_MS : SLOW_ROUND_MS);
      if (taken !== undefined) return taken;
      this.tell();
    }
  }

  /** Without the GIL all that are asked run it side by side, and the last would find its file gone. */
  private oneByOne(): boolean {
    return this.options.once === true || this.target.runtime.offsets.freeThreaded;
  }

  /**
   * Whatever happened: no thread of the target is left with a request.
   * @returns a thread that has taken it before
   */
  takeBack(): PythonThread | undefined {
    if (hasEnded(this.target)) return undefined;
    try {
      return this.request.disarm(this.walk().threads);
    } catch (error) {
      // An ended target runs nothing any more.
      if (!(error instanceof MemoryError) && !(error instanceof PylatchError)) throw error;
      return undefined;
    }
  }

  private walk(): Interpreter {
    return walkInterpreter(this.target.process, this.target.runtime);
  }

  /** The memory of a process is reached by its pid, so we must not go on when that is another's. */
  private look(enough: number): void {
    const { process } = this.target;
    if (hasEnded(this.target)) throw endedError(process.pid);
    if (lifeStage(process, this.target.runtime) !== 'ready') throw ending();
    const interpreter = this.walk();
    this.request.forgetEnded(interpreter.threads);
    this.candidates = candidatesFor(this.target, interpreter, this.options.choice, enough);
  }

  /** First one, then twice as many each time: each thread that runs the script costs the program some memory. */
  private ask(round: number): undefined {
    const best = this.candidates[0];
    if (best === undefined) return;
    const crowd = this.candidates.filter((one) => round > 0 || rank(one) === rank(best));
    // A waiting thread surely comes; of running ones any may be inside a long C call, so all are asked at once.
    const many = best.activity.kind === 'running' ? MAX_ARMED : Math.min(2 ** round, MAX_ARMED);
    for (const candidate of crowd.slice(0, many)) this.askOne(candidate);
    this.askDelicate(this.candidates);
  }

  /**
   * The threads that are likely to come by have turns. Before the next is asked, the one before is no longer.
   * @returns that one, if it has taken the request meanwhile
   */
  private askNext(round: number): PythonThread | undefined {
    const likely = this.candidates.filter(
      (one) => isPrompt(one) || (one.activity.kind === 'delicate' && !this.isPatient()),
    );
    const crowd = likely.length > 0 ? likely : this.candidates;
    const next = crowd[round % crowd.length];
    if (next === undefined) return undefined;
    const taker = this.request.isArmed(next.thread) ? undefined : this.takeBack();
    if (taker !== undefined) return taker;
    this.askOne(next);
    this.askDelicate([next]);
    return undefined;
  }

  private isPatient(): boolean {
    const spared = sparedFor(this.candidates.map(({ activity }) => activity));
    return performance.now() - this.started < spared;
  }

  /**
   * Nobody else came by. One thread in each round, so that no more of them are disturbed than it takes; each once,
   * since a wait that goes on would only be cut shorter; and never without a word, as the program may notice.
   */
  private askDelicate(candidates: Candidate[]): void {
    if (this.isPatient()) return;
    const isNew = ({ thread, activity }: Candidate): boolean =>
      activity.kind === 'delicate' && !this.disturbed.has(thread.nativeId);
    const candidate = candidates.find(isNew);
    if (candidate === undefined) return;
    const { thread, activity } = candidate;
    const outcome = this.interrupt(thread);
    // A write that returns its short count was in no wait any more when it was looked at.
    if (outcome !== 'interrupted' && outcome !== 'not-waiting') return;
    this.disturbed.add(thread.nativeId);
    this.options.onNews('notice', disturbance(thread.nativeId, activity));
  }

  private askOne({ thread, activity, main }: Candidate): void {
    // A wait for a lock between processes (`multiprocessing`) ends for every thread; Python's own only in the main one.
    if (main && activity.kind === 'lock') this.interruptLock(thread);
    else if (WAKEABLE.has(activity.kind)) this.interrupt(thread);
    if (!this.request.isArmed(thread)) this.request.arm(thread);
  }

  /** A thread that stands still does not end: so it gets the request in its stop. */
  private interrupt(thread: PythonThread): InterruptOutcome {
    return this.target.process.interrupt(thread.nativeId, () => this.request.arm(thread));
  }

  private interruptLock(thread: PythonThread): void {
    const { process, runtime } = this.target;
    this.queue ??= findPendingQueue(process, runtime);
    const { queue } = this;
    const { checkSignals, offsets } = runtime;
    if (queue === undefined || checkSignals === undefined) return;
    process.interrupt(thread.nativeId, () => {
      addPendingCall(process, queue, checkSignals, thread.address + offsets.thread.evalBreaker);
      this.request.arm(thread);
    });
  }

  /** Polls for the time of one round. */
  private async watch(roundMs: number): Promise<PythonThread | undefined> {
    const until = performance.now() + roundMs;
    do {
      const taken = this.request.taken();
      if (taken !== undefined) return taken;
      checkLimits(this.target.process.pid, this.options, () => this.whereabouts());
      await delay(POLL_MS);
    } while (performance.now() < until);
    return undefined;
  }

  private tell(): void {
    const news = this.whereabouts();
    if (news !== this.lastNews) this.options.onNews('wake', news);
    this.lastNews = news;
  }

  private whereabouts(): string {
    const shown = this.candidates
      .slice(0, 5)
      .map(({ thread, activity }) => waiting(thread.nativeId, activity));
    const more = this.candidates.length - shown.length;
    return `${shown.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
  }
}

/**
 * @param whereabouts what the threads do that have not come by
 * @throws PylatchError `attach-cancelled`, `attach-timeout`
 */
export function checkLimits(
  pid: number,
  { signal, deadline, timeoutMs }: Pick<RunOptions, 'signal' | 'deadline' | 'timeoutMs'>,
  whereabouts: () => string,
): void {
  if (signal?.aborted === true) throw cancelled(pid);
  if (performance.now() < deadline) return;
  throw new PylatchError(
    'attach-timeout',
    `Python did not come by within ${timeoutMs / 1000} s: ${whereabouts()}. The request was taken back.`,
    'Try again when the program is back in Python code, choose another thread, or allow more time.',
  );
}

/** The error of an attach that its caller gave up. */
export function cancelled(pid: number): PylatchError {
  return new PylatchError('attach-cancelled', `The attach to process ${pid} was cancelled.`);
}
