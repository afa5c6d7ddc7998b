/**
 * What the threads of a task do, and how their waits are ended. Offsets and numbers are those of XNU's
 * osfmk/mach/thread_info.h, thread_status.h and bsd/kern/syscalls.master.
 */
import type { DarwinNative, Port } from './darwin-native';
import type { ActivityKind, InterruptOutcome, ThreadActivity, ThreadFacts } from './types';

type Kind = Extract<ActivityKind, 'waiting' | 'lock' | 'delicate'>;

/** Where a machine keeps the number of a system call while a thread is in it. */
export interface Machine {
  /** `CPU_TYPE_ARM64`, `CPU_TYPE_X86_64`. */
  cpu: number;
  /** `ARM_THREAD_STATE64`, `x86_THREAD_STATE64`; sizes and places in bytes. */
  flavor: number;
  size: number;
  call: number;
}

export const ARM64: Machine = { cpu: 0x0100000c, flavor: 6, size: 272, call: 16 * 8 };
export const X64: Machine = { cpu: 0x01000007, flavor: 4, size: 168, call: 0 };

const BASIC_INFO = { flavor: 3, size: 40, state: 24, suspended: 32 };
const IDENTIFIER_INFO = { flavor: 4, size: 24 };
const EXTENDED_INFO = { flavor: 5, size: 112, name: 48 };
/** How the agent names its thread once its session is over (`server.py`): nothing of it is safe to touch. */
const ENDING = 'pylatch-ending';
const RUNNING = 1;
const STOPPED = 2;
const WAITING = 3;
const UNINTERRUPTIBLE = 4;
/** On x86-64 the class of a call stands in the upper byte: 2 for Unix calls. */
const CLASS = 0x0f000000;
const UNIX = 0x02000000;

interface Call {
  name: string;
  kind: Kind;
  /** See `ThreadActivity`. */
  effect?: string;
}

/** By number; those from 396 on are the forms that a cancellation of the thread does not end. */
const CALLS = new Map<number, Call>([
  ...calls('waiting', {
    read: [3, 396],
    readv: [120, 411],
    pread: [153, 414],
    open: [5, 398],
    openat: [463, 464],
    select: [93, 407],
    poll: [230, 417],
    kevent: [363],
    kevent64: [369],
    kevent_qos: [374],
    accept: [30, 404],
    connect: [98, 409],
    recvfrom: [29, 403],
    recvmsg: [27, 401],
    wait4: [7, 400],
    waitid: [173, 416],
    flock: [131],
    fcntl: [92, 406],
  }),
  ...calls('lock', {
    psynch_mutexwait: [301],
    psynch_cvwait: [305],
    ulock_wait: [515],
    ulock_wait2: [544],
  }),
  ...calls(
    'delicate',
    { write: [4, 397], writev: [121, 412], sendto: [133, 413], sendmsg: [28, 402], sendfile: [337] },
    'a write that has begun may end early, with a short count',
  ),
  ...calls(
    'delicate',
    { sigsuspend: [111, 410], sigwait: [330, 422] },
    'it returns although no signal has come',
  ),
  ...calls('delicate', { semwait_signal: [334, 423] }, 'its sleep may end early'),
]);
const FAILED_CALL = 'code that does not expect it sees the call fail';

function calls(kind: Kind, numbers: Record<string, number[]>, effect?: string): [number, Call][] {
  return Object.entries(numbers).flatMap(([name, own]) =>
    own.map((number): [number, Call] => [number, { name, kind, ...(effect ? { effect } : {}) }]),
  );
}

/** The threads of one task, by the numbers that `pthread_threadid_np` has for them. */
export class TaskThreads {
  private ports = new Map<number, Port>();

  /** @param machine the one that the process runs on; undefined where it runs translated (Rosetta) */
  constructor(
    private readonly native: DarwinNative,
    private readonly task: Port,
    private readonly machine: Machine | undefined,
  ) {}

  /** Undefined when the thread has ended. */
  activity(id: number): ThreadActivity | undefined {
    const port = this.port(id);
    return port === undefined || this.nameOf(port) === ENDING ? undefined : this.activityOf(port);
  }

  /**
   * See `TargetProcess.interrupt`. `thread_abort` makes a sleep in the kernel end with EINTR and not with a restart
   * (`_sleep` in bsd/kern/kern_synch.c), once; Python goes on waiting by itself then (PEP 475). The whole task is
   * held meanwhile, so that the thread cannot leave that call for another one that would be hurt. If this process
   * dies, the kernel takes the hold back with the port.
   */
  interrupt(id: number, whileStopped: () => void): InterruptOutcome {
    const port = this.port(id);
    if (port === undefined) return 'refused';
    const hold = this.native.suspend(this.task);
    if ('errno' in hold) return 'refused';
    try {
      whileStopped();
      return this.isWaiting(port) && this.native.abort(port) ? 'interrupted' : 'not-waiting';
    } finally {
      this.native.resume(hold.value);
    }
  }

  /** What is known of all threads besides. */
  facts(): Map<number, ThreadFacts> {
    this.refresh();
    return new Map([...this.ports].map(([id, port]) => [id, this.factsOf(port)]));
  }

  close(): void {
    for (const port of this.ports.values()) this.native.release(port);
    this.ports.clear();
  }

  private port(id: number): Port | undefined {
    const known = this.ports.get(id);
    if (known === undefined || this.idOf(known) !== id) this.refresh();
    return this.ports.get(id);
  }

  private refresh(): void {
    this.close();
    for (const port of this.native.threads(this.task)) {
      const id = this.idOf(port);
      if (id === undefined) this.native.release(port);
      else this.ports.set(id, port);
    }
  }

  private idOf(port: Port): number | undefined {
    const info = this.ask(port, IDENTIFIER_INFO);
    return info && Number(info.readBigUInt64LE(0));
  }

  private factsOf(port: Port): ThreadFacts {
    const name = this.nameOf(port);
    return name === '' ? {} : { name };
  }

  private nameOf(port: Port): string {
    const info = this.ask(port, EXTENDED_INFO);
    return info?.toString('utf8', EXTENDED_INFO.name).replace(/\0.*$/s, '') ?? '';
  }

  private activityOf(port: Port): ThreadActivity | undefined {
    const info = this.ask(port, BASIC_INFO);
    if (info === undefined) return undefined;
    if (info.readInt32LE(BASIC_INFO.suspended) > 0) return { kind: 'stopped', what: 'is suspended' };
    switch (info.readInt32LE(BASIC_INFO.state)) {
      case RUNNING:
        return { kind: 'running', what: 'runs code' };
      case STOPPED:
        return { kind: 'stopped', what: 'is stopped' };
      case UNINTERRUPTIBLE:
        return { kind: 'stuck', what: 'waits in the kernel and cannot be interrupted' };
      default:
        return this.waitOf(port);
    }
  }

  private waitOf(port: Port): ThreadActivity {
    const number = this.callOf(port);
    const call = number === undefined ? undefined : CALLS.get(number);
    if (call === undefined) {
      const where = number === undefined ? 'the kernel' : `system call ${number}`;
      return { kind: 'delicate', what: `waits in ${where}`, effect: FAILED_CALL };
    }
    const { name, kind, ...rest } = call;
    return { kind, what: kind === 'lock' ? `waits for a lock (${name})` : `waits in ${name}`, ...rest };
  }

  /** The Unix call that the thread is in; undefined for calls of Mach, which are negative numbers, and for none. */
  private callOf(port: Port): number | undefined {
    if (this.machine === undefined) return undefined;
    const { flavor, size, call } = this.machine;
    const state = Buffer.alloc(size);
    if (!this.native.registers(port, flavor, state)) return undefined;
    const number = Number(state.readBigInt64LE(call));
    if (this.machine === X64) return (number & CLASS) === UNIX ? number & ~CLASS : undefined;
    return number > 0 ? number : undefined;
  }

  private isWaiting(port: Port): boolean {
    return this.ask(port, BASIC_INFO)?.readInt32LE(BASIC_INFO.state) === WAITING;
  }

  private ask(port: Port, { flavor, size }: { flavor: number; size: number }): Buffer | undefined {
    const info = Buffer.alloc(size);
    return this.native.threadInfo(port, flavor, info) ? info : undefined;
  }
}
