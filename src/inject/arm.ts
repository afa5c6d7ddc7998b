/** The memory protocol of PEP 768: asks one thread to run a script file, and takes the request back. */
import type { DebugOffsets } from './offsets';
import type { ProcessMemory } from './os/index';
import type { PythonThread } from './runtime';

/** `_PY_EVAL_PLEASE_STOP_BIT` of CPython's pycore_ceval.h: makes the interpreter look at the pending flag. */
const STOP_BIT = 0x20;
const ON = Buffer.from([1, 0, 0, 0]);
const OFF = Buffer.alloc(4);

/** The request to run one script, to whichever threads it is given. */
export class ScriptRequest {
  private readonly path: Buffer;
  private readonly armed = new Map<number, PythonThread>();

  /** @param path the script as the target names it: ASCII, at most 511 bytes */
  constructor(
    private readonly memory: ProcessMemory,
    private readonly offsets: DebugOffsets,
    path: string,
  ) {
    this.path = Buffer.from(`${path}\0`, 'latin1');
  }

  /** The order matters: the interpreter may look as soon as the flag is set. */
  arm(thread: PythonThread): void {
    const { scriptPath, pendingCall } = this.offsets.thread;
    this.memory.write(thread.address + scriptPath, this.path);
    this.memory.write(thread.address + pendingCall, ON);
    this.armed.set(thread.address, thread);
    this.alert(thread);
  }

  /**
   * Only the lowest byte of the word is flags; the rest is the instrumentation version, and a stale one written
   * there hangs the thread for ever.
   */
  alert(thread: PythonThread): void {
    const address = thread.address + this.offsets.thread.evalBreaker;
    const flags = this.memory.read(address, 1)[0] ?? 0;
    this.memory.write(address, Buffer.from([flags | STOP_BIT]));
  }

  isArmed(thread: PythonThread): boolean {
    return this.armed.get(thread.address)?.nativeId === thread.nativeId;
  }

  /** The thread that has taken the request, if one has. */
  taken(): PythonThread | undefined {
    return [...this.armed.values()].find((thread) => !this.isPending(thread));
  }

  /** Threads that have ended took nothing, and their memory is no longer theirs. */
  forgetEnded(living: PythonThread[]): void {
    for (const thread of [...this.armed.values()]) {
      const still = living.some((one) => one.address === thread.address && one.nativeId === thread.nativeId);
      if (!still) this.armed.delete(thread.address);
    }
  }

  /** Takes the request back from every thread that has not run it; the others have. */
  disarm(living: PythonThread[]): void {
    this.forgetEnded(living);
    for (const thread of this.armed.values()) {
      if (!this.isPending(thread) || !this.isOurs(thread)) continue;
      this.memory.write(thread.address + this.offsets.thread.pendingCall, OFF);
      this.memory.write(thread.address + this.offsets.thread.scriptPath, Buffer.from([0]));
    }
    this.armed.clear();
  }

  private isPending(thread: PythonThread): boolean {
    return this.memory.read(thread.address + this.offsets.thread.pendingCall, 4).readInt32LE(0) === 1;
  }

  private isOurs(thread: PythonThread): boolean {
    return this.memory
      .read(thread.address + this.offsets.thread.scriptPath, this.path.length)
      .equals(this.path);
  }
}
