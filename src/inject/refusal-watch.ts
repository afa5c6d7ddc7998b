/** Tells a program that refuses the script from one that is slow to run it. */
import { PylatchError } from '../common/errors';
import type { ActivityKind, SessionPlace } from './os/index';
import type { SessionFile } from './os/types';
import { walkInterpreter } from './runtime';
import type { OpenTarget } from './target';

/** Back in a wait of its own, the thread has passed the script by; otherwise it may only be slow. */
const WAITING_MS = 500;
const RUNNING_MS = 1000;
const LOOK_MS = 20;
/** A thread in one of these, or one that has ended, hardly keeps the global interpreter lock. */
const IDLE = new Set<ActivityKind | undefined>(['waiting', 'lock', 'delicate', undefined]);

/**
 * An audit hook of the program may refuse what CPython and the agent do; CPython tells that to the program alone, and
 * goes on without the script. Nobody tells us: but then the thread that has taken the request goes on with its work,
 * and no thread has been started for the agent.
 */
export class RefusalWatch {
  private readonly threads: ReadonlySet<string>;
  private since = performance.now();
  private next = 0;

  /** @param target as it is before the request */
  constructor(private readonly target: OpenTarget) {
    this.threads = new Set(this.present());
  }

  /** To be called when the request has been taken. */
  start(): void {
    this.since = performance.now();
  }

  /**
   * To be called again and again while nothing is heard.
   * @param taker native id of the thread that has taken the request
   * @throws PylatchError `audit-refused`
   */
  look(taker: number, place: SessionPlace, script: SessionFile): void {
    const now = performance.now();
    if (now < this.next) return;
    this.next = now + LOOK_MS;
    if (now - this.since < this.patience(taker)) return;
    if (this.present().some((thread) => !this.threads.has(thread))) return;
    throw refused(place.wasRead(script) === true);
  }

  /** Milliseconds after which this thread must have run the script. */
  private patience(taker: number): number {
    const kind = this.target.process.activity(taker)?.kind;
    if (kind === 'stopped' || kind === 'stuck') return Infinity;
    const waits = kind === 'waiting' || kind === 'delicate';
    // Without the global interpreter lock it may have to stand still for a thread that has stopped all others.
    if (this.target.runtime.offsets.freeThreaded && !waits) return Infinity;
    // It may wait for that lock, which another thread may keep for long in C code.
    if (kind === 'lock' && this.othersRun(taker)) return Infinity;
    return waits ? WAITING_MS : RUNNING_MS;
  }

  private othersRun(taker: number): boolean {
    const { process, runtime } = this.target;
    return walkInterpreter(process, runtime).threads.some(
      ({ nativeId }) => nativeId !== taker && !IDLE.has(process.activity(nativeId)?.kind),
    );
  }

  /** By address and number: the memory of a thread that has just ended, perhaps an agent's, is soon used again. */
  private present(): string[] {
    const { threads } = walkInterpreter(this.target.process, this.target.runtime);
    return threads.map(({ address, nativeId }) => `${address} ${nativeId}`);
  }
}

function refused(wasRead: boolean): PylatchError {
  return new PylatchError(
    'audit-refused',
    wasRead
      ? 'Python has opened the script of Pylatch but not run it: an audit hook of the program refuses that.'
      : 'Python has taken the request but not opened the script: an audit hook of the program refuses that.',
    "The program's error output (sys.unraisablehook) tells which hook; let it pass cpython.remote_debugger_script, open, compile, exec and import.",
  );
}
