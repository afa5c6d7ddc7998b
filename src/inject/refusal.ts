/** Tells a program that refuses the script from one that is slow to run it. */
import { PylatchError } from '../common/errors';
import type { SessionPlace } from './os/index';
import type { SessionFile } from './os/types';
import { walkInterpreter } from './runtime';
import type { OpenTarget } from './target';

/** Back in a wait of its own, the thread has passed the script by; running, it may only be slow. */
const WAITING_MS = 150;
const RUNNING_MS = 1000;
const LOOK_MS = 20;

/**
 * An audit hook of the program may refuse what CPython and the agent do; CPython tells that to the program alone, and
 * goes on without the script. Nobody tells us: but then the thread that has taken the request goes on with its work,
 * and no thread has been started for the agent.
 */
export class RefusalWatch {
  private readonly threads: ReadonlySet<number>;
  private since = performance.now();
  private next = 0;

  /** @param target as it is before the request */
  constructor(private readonly target: OpenTarget) {
    this.threads = new Set(this.addresses());
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
    if (this.addresses().some((address) => !this.threads.has(address))) return;
    throw refused(place.wasRead(script) === true);
  }

  /** Milliseconds after which this thread must have run the script. */
  private patience(taker: number): number {
    const kind = this.target.process.activity(taker)?.kind;
    if (kind === 'stopped' || kind === 'stuck') return Infinity;
    // It may wait for the global interpreter lock, which another thread may keep for long in C code.
    if (kind === 'lock' && this.othersRun(taker)) return Infinity;
    return kind === 'running' || kind === 'unknown' ? RUNNING_MS : WAITING_MS;
  }

  private othersRun(taker: number): boolean {
    const { process, runtime } = this.target;
    return walkInterpreter(process, runtime).threads.some(
      ({ nativeId }) => nativeId !== taker && process.activity(nativeId)?.kind === 'running',
    );
  }

  private addresses(): number[] {
    return walkInterpreter(this.target.process, this.target.runtime).threads.map(({ address }) => address);
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
