/** The memory protocol of PEP 768: asks one thread to run a script file, and takes the request back. */
import type { DebugOffsets } from './offsets';
import type { ProcessMemory } from './os/index';
import { attempt, isStillThere } from './runtime';
import type { PythonThread } from './runtime';

/** `_PY_EVAL_PLEASE_STOP_BIT` of CPython's pycore_ceval.h: makes the interpreter look at the pending flag. */
const STOP_BIT = 0x20;
const ON = Buffer.from([1, 0, 0, 0]);
const FLAG_SIZE = 4;
const OFF = Buffer.alloc(FLAG_SIZE);

/** The request to run one script, to whichever threads it is given. */
export class ScriptRequest {
  private readonly armed = new Map<number, PythonThread>();

  /** @param path the script as the target names it: at most 511 bytes of UTF-8 */
  constructor(
    private readonly memory: ProcessMemory,
    private readonly offsets: DebugOffsets,
    private readonly path: string,
  ) {}

  /**
   * Asks the thread, or reminds it. One that ends gives its memory back, and the program may use it for anything: so
   * nothing is written to one that is gone, and best is to ask while the thread stands still.
   */
  arm(thread: PythonThread): void {
    if (!isStillThere(this.memory, this.offsets, thread)) return;
    if (!this.isArmed(thread)) this.request(thread);
    this.alert(thread);
  }

  /** The order matters: the interpreter may look as soon as the flag is set. */
  private request(thread: PythonThread): void {
    const { scriptPath, pendingCall } = this.offsets.thread;
    this.memory.write(thread.address + scriptPath, Buffer.from(`${this.path}\0`));
    this.memory.write(thread.address + pendingCall, ON);
    this.armed.set(thread.address, thread);
  }

  /**
   * Only the lowest byte of the word is flags; the rest is the instrumentation version, and a stale one written
   * there hangs the thread for ever.
   */
  private alert(thread: PythonThread): void {
    const address = thread.address + this.offsets.thread.evalBreaker;
    const flags = this.memory.read(address, 1)[0] ?? 0;
    this.memory.write(address, Buffer.from([flags | STOP_BIT]));
  }

  isArmed(thread: PythonThread): boolean {
    return this.armed.get(thread.address)?.nativeId === thread.nativeId;
  }

  /**
   * The thread that has taken the request, if one has: the flag is cleared then, and the path still stands. Without
   * the path the request is lost, by another debugger's or because the thread has ended and its memory is used anew.
   */
  taken(): PythonThread | undefined {
    for (const thread of [...this.armed.values()]) {
      const seen = attempt(() => requestOf(this.memory, this.offsets, thread));
      if (seen?.path !== this.path) this.armed.delete(thread.address);
      else if (!seen.pending) return thread;
    }
    return undefined;
  }

  /**
   * Threads that have ended took nothing. A new one may have been at the place of such a one when the request was
   * written: then it is the one that was asked.
   */
  forgetEnded(living: PythonThread[]): void {
    for (const address of [...this.armed.keys()]) {
      const thread = living.find((one) => one.address === address);
      const seen = thread && attempt(() => requestOf(this.memory, this.offsets, thread));
      if (thread !== undefined && seen?.path === this.path) this.armed.set(address, thread);
      else this.armed.delete(address);
    }
  }

  /**
   * Takes the request back from every thread that has not run it; the others have.
   * @returns one of those that have
   */
  disarm(living: PythonThread[]): PythonThread | undefined {
    this.forgetEnded(living);
    const threads = [...this.armed.values()];
    this.armed.clear();
    return threads.filter((thread) => !this.takeBack(thread)).at(0);
  }

  /**
   * False when the thread has taken the request. What another debugger has put in its place stays. Memory that goes
   * away at this moment takes the request with it, and must not keep us from the other threads.
   */
  private takeBack(thread: PythonThread): boolean {
    const takenBack = attempt(() => {
      const { pending, path } = requestOf(this.memory, this.offsets, thread);
      return path !== this.path || (pending && withdraw(this.memory, this.offsets, thread));
    });
    return takenBack ?? true;
  }
}

/** What a thread is asked to run, and whether it still has to; `path` is as the target names it. */
export function requestOf(
  memory: ProcessMemory,
  { thread: at }: DebugOffsets,
  thread: PythonThread,
): { pending: boolean; path: string } {
  const bytes = memory.read(thread.address + at.pendingCall, FLAG_SIZE + at.scriptPathSize);
  const path = bytes.toString('utf8', FLAG_SIZE);
  return { pending: bytes.readInt32LE(0) === 1, path: path.slice(0, path.indexOf('\0')) };
}

/**
 * Takes back what a thread is asked to run. The path goes first: the interpreter clears the flag and copies the path
 * then, and an empty one runs nothing.
 * @returns false when the thread was quicker
 */
export function withdraw(memory: ProcessMemory, { thread: at }: DebugOffsets, thread: PythonThread): boolean {
  memory.write(thread.address + at.scriptPath, Buffer.from([0]));
  const pending = memory.read(thread.address + at.pendingCall, FLAG_SIZE).readInt32LE(0) === 1;
  memory.write(thread.address + at.pendingCall, OFF);
  return pending;
}
