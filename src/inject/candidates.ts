/** Which threads may take a request, which of them is asked first, and which is to be left alone for how long. */
import type { ActivityKind, ThreadActivity } from './os/index';
import type { Interpreter, PythonThread } from './runtime';
import { activityOf, eligible, isMain } from './target';
import type { OpenTarget } from './target';
import type { ThreadChoice } from './types';

/** A thread that may take the request, and what it does. */
export interface Candidate {
  thread: PythonThread;
  main: boolean;
  activity: ThreadActivity;
}

/** The sooner a thread will come by, the earlier it is asked. */
const ORDER: Record<ActivityKind, number> = {
  running: 0,
  waiting: 1,
  unknown: 2,
  lock: 3,
  stuck: 4,
  stopped: 5,
  delicate: 6,
};

/** Threads that come by by themselves, or can be woken without anybody noticing. */
const PROMPT: ReadonlySet<ActivityKind> = new Set(['running', 'waiting', 'unknown']);

/** How long a delicate wait is spared, milliseconds, by what the other threads can do. */
const SPARED_MS = {
  /** One in a long call of C serves when that ends. */
  running: 2000,
  /** A wait for a lock that is not woken may still have a timeout. */
  waiting: 200,
  /** Only the thread itself, if its wait ends just now. */
  nothing: 50,
};

/**
 * The threads that may take the request; the one that is asked first comes first.
 * @param enough so many are looked at, and more only while none of them is prompt: each takes three files of /proc
 */
export function candidatesFor(
  { process }: Pick<OpenTarget, 'process'>,
  interpreter: Interpreter,
  choice: ThreadChoice,
  enough = Infinity,
): Candidate[] {
  const candidates: Candidate[] = [];
  let found = false;
  for (const thread of eligible(interpreter, process, choice)) {
    if (found && candidates.length >= enough) break;
    const activity = activityOf(process, thread);
    if (activity === undefined) continue;
    const candidate = { thread, activity, main: isMain(thread, interpreter, process) };
    candidates.push(candidate);
    found ||= isPrompt(candidate);
  }
  return candidates.sort((a, b) => rank(a) - rank(b));
}

/** True for a thread that soon comes by, or can be made to without anybody noticing. */
export function isPrompt({ activity, main }: Pick<Candidate, 'activity' | 'main'>): boolean {
  return PROMPT.has(activity.kind) || isMainLock({ activity, main });
}

/** The lower, the earlier it is asked. */
export function rank(candidate: Candidate): number {
  return isMainLock(candidate) ? ORDER.lock - 0.5 : ORDER[candidate.activity.kind];
}

/** A main thread in a lock wait can be woken, though by more than an interruption. */
function isMainLock({ activity, main }: Pick<Candidate, 'activity' | 'main'>): boolean {
  return main && activity.kind === 'lock';
}

/** So long the others get to serve before a thread is woken whose program might notice; milliseconds. */
export function sparedFor(activities: readonly ThreadActivity[]): number {
  const kinds = new Set(activities.map(({ kind }) => kind));
  if (kinds.has('running')) return SPARED_MS.running;
  const others = (['waiting', 'unknown', 'lock'] as const).some((kind) => kinds.has(kind));
  return others ? SPARED_MS.waiting : SPARED_MS.nothing;
}

/** What has to be told of a thread whose delicate wait was interrupted. */
export function disturbance(nativeId: number, { what, effect }: ThreadActivity): string {
  return `Thread ${nativeId} ${what} and was interrupted: ${effect ?? 'the program may notice it'}.`;
}

/** Why a thread that was asked has not come by yet. */
export function waiting(nativeId: number, { kind, what }: ThreadActivity): string {
  return `thread ${nativeId} ${kind === 'running' ? 'runs C code that does not return to Python' : what}`;
}
