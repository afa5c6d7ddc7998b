/**
 * The functions of macOS that Node does not offer: libproc, sysctl(3), Mach's tasks and threads. Structures pass as
 * bytes, laid out as the headers of XNU have them; who calls decodes them.
 */
import { loadKoffi } from './native';
import type { Koffi, Outcome } from './native';

/** A right to a task, a thread or a suspension, in our own table of ports. Release it. */
export type Port = number;

export interface DarwinNative {
  /** `proc_listallpids`. */
  pids(): number[];
  /** `proc_pidinfo`: undefined where there is no such process, or it is not ours to ask. */
  info(pid: number, flavor: number, argument: number, size: number): Buffer | undefined;
  /** `proc_pidpath`: the program file. */
  path(pid: number): string | undefined;
  /** `sysctl` of `KERN_PROCARGS2`: what the process was started with. */
  startBytes(pid: number): Buffer | undefined;
  /** `getpwuid`: a user's name, or the number itself where there is none. */
  userName(uid: number): string;
  /** `csops(CS_OPS_STATUS)`: the flags of its code signature, 0 where there are none. */
  signing(pid: number): number;
  /** `task_for_pid`. */
  task(pid: number): Outcome<Port>;
  /** `mach_vm_read_overwrite` into all of `into`. */
  readMemory(task: Port, address: number, into: Buffer): Outcome<number>;
  /** `mach_vm_write` of all of `from`. */
  writeMemory(task: Port, address: number, from: Uint8Array): Outcome<number>;
  /** `task_suspend2`. The kernel resumes the task when the port goes, as it does with the process that holds it. */
  suspend(task: Port): Outcome<Port>;
  /** `task_resume2`, which also releases the port. */
  resume(suspension: Port): void;
  /** `task_threads`. */
  threads(task: Port): Port[];
  /** `thread_info`: as much of `into` as the kernel has; false for a thread that has ended. */
  threadInfo(thread: Port, flavor: number, into: Buffer): boolean;
  /** `thread_get_state`: the registers. */
  registers(thread: Port, flavor: number, into: Buffer): boolean;
  /** `thread_abort`. */
  abort(thread: Port): boolean;
  release(port: Port): void;
  /** `mach_timebase_info`: how many nanoseconds a tick of the processor times has. */
  tickNs(): number;
  /** `openat`: a descriptor. */
  openAt(folder: number, name: string, flags: number, mode: number): Outcome<number>;
  /** `unlinkat`. */
  unlinkAt(folder: number, name: string): boolean;
}

type Library = ReturnType<Koffi['load']>;

const CTL_KERN = 1;
const KERN_PROCARGS2 = 49;
/** `ARG_MAX`, and the word in front. */
const MAX_START = 1024 * 1024 + 4;
/** `PROC_PIDPATHINFO_MAXSIZE`. */
const MAX_PATH = 4096;
const CS_OPS_STATUS = 0;
/** A list of processes grows while it is read. */
const SPARE_PIDS = 64;

let bound: DarwinNative | undefined;

/** Loads koffi and binds the system's library on first use. */
export function darwinNative(): DarwinNative {
  bound ??= bindDarwin(loadKoffi(), '/usr/lib/libSystem.B.dylib');
  return bound;
}

/** Binds a library that has the system's functions. */
export function bindDarwin(koffi: Koffi, library: string): DarwinNative {
  const system = koffi.load(library);
  const self = Number(system.func('task_self_trap', 'uint32', [])());
  return {
    ...bindProcesses(system),
    ...bindUsers(koffi, system),
    ...bindTasks(koffi, system, self),
    ...bindThreads(koffi, system, self),
    ...bindFiles(koffi, system),
  };
}

function bindProcesses(system: Library) {
  const list = system.func('proc_listallpids', 'int', ['void *', 'int']);
  const info = system.func('proc_pidinfo', 'int', ['int', 'int', 'uint64', 'void *', 'int']);
  const path = system.func('proc_pidpath', 'int', ['int', 'void *', 'uint32']);
  const sysctl = system.func('sysctl', 'int', ['void *', 'uint', 'void *', 'void *', 'void *', 'size_t']);
  const csops = system.func('csops', 'int', ['int', 'uint', 'void *', 'size_t']);
  return {
    pids: (): number[] => {
      const bytes = Buffer.alloc((Number(list(null, 0)) + SPARE_PIDS) * 4);
      const count = Math.max(0, Number(list(bytes, bytes.length)));
      return Array.from({ length: Math.min(count, bytes.length / 4) }, (_, index) =>
        bytes.readInt32LE(index * 4),
      );
    },
    info: (pid: number, flavor: number, argument: number, size: number): Buffer | undefined => {
      const bytes = Buffer.alloc(size);
      return Number(info(pid, flavor, argument, bytes, size)) === size ? bytes : undefined;
    },
    path: (pid: number): string | undefined => {
      const bytes = Buffer.alloc(MAX_PATH);
      const length = Number(path(pid, bytes, bytes.length));
      return length > 0 ? bytes.toString('utf8', 0, length) : undefined;
    },
    startBytes: (pid: number): Buffer | undefined => {
      const name = Buffer.from(Int32Array.of(CTL_KERN, KERN_PROCARGS2, pid).buffer);
      const [bytes, size] = [Buffer.alloc(MAX_START), long(MAX_START)];
      const failed = Number(sysctl(name, 3, bytes, size, null, 0)) !== 0;
      return failed ? undefined : bytes.subarray(0, Number(size.readBigUInt64LE(0)));
    },
    signing: (pid: number): number => {
      const flags = Buffer.alloc(4);
      return Number(csops(pid, CS_OPS_STATUS, flags, flags.length)) === 0 ? flags.readUInt32LE(0) : 0;
    },
  };
}

function bindUsers(koffi: Koffi, system: Library) {
  const find = system.func('getpwuid', 'uintptr_t', ['uint32']);
  return {
    userName: (uid: number): string => {
      // The name is the first field of `struct passwd`.
      const address = BigInt(find(uid) as number);
      return address === 0n ? String(uid) : String(koffi.decode(address, 'str'));
    },
  };
}

function bindTasks(koffi: Koffi, system: Library, self: Port) {
  const taskForPid = system.func('task_for_pid', 'int', ['uint32', 'int', 'void *']);
  const move = ['uint32', 'uint64', 'uint64', 'void *', 'void *'];
  const read = system.func('mach_vm_read_overwrite', 'int', move);
  const write = system.func('mach_vm_write', 'int', ['uint32', 'uint64', 'void *', 'uint32']);
  const suspend = system.func('task_suspend2', 'int', ['uint32', 'void *']);
  const resume = system.func('task_resume2', 'int', ['uint32']);
  const release = system.func('mach_port_deallocate', 'int', ['uint32', 'uint32']);
  const timebase = system.func('mach_timebase_info', 'int', ['void *']);
  const port = (call: (into: Buffer) => unknown): Outcome<Port> => {
    const into = Buffer.alloc(4);
    const result = Number(call(into));
    return result === 0 ? { value: into.readUInt32LE(0) } : { errno: result };
  };
  return {
    task: (pid: number) => port((into) => taskForPid(self, pid, into)),
    readMemory: (task: Port, address: number, into: Buffer): Outcome<number> => {
      const size = long(0);
      const result = Number(read(task, address, into.length, into, size));
      return result === 0 ? { value: Number(size.readBigUInt64LE(0)) } : { errno: result };
    },
    writeMemory: (task: Port, address: number, from: Uint8Array): Outcome<number> => {
      const result = Number(write(task, address, from, from.length));
      return result === 0 ? { value: from.length } : { errno: result };
    },
    suspend: (task: Port) => port((into) => suspend(task, into)),
    resume: (suspension: Port): void => void resume(suspension),
    release: (one: Port): void => void release(self, one),
    tickNs: (): number => {
      const ratio = Buffer.alloc(8);
      timebase(ratio);
      return ratio.readUInt32LE(0) / ratio.readUInt32LE(4);
    },
  };
}

function bindThreads(koffi: Koffi, system: Library, self: Port) {
  const threads = system.func('task_threads', 'int', ['uint32', 'void *', 'void *']);
  const free = system.func('mach_vm_deallocate', 'int', ['uint32', 'uint64', 'uint64']);
  const ask = ['uint32', 'int', 'void *', 'void *'];
  const info = system.func('thread_info', 'int', ask);
  const state = system.func('thread_get_state', 'int', ask);
  const abort = system.func('thread_abort', 'int', ['uint32']);
  const asked = (call: typeof info, thread: Port, flavor: number, into: Buffer): boolean =>
    Number(call(thread, flavor, into, word(into.length / 4))) === 0;
  return {
    threads: (task: Port): Port[] => {
      const [list, count] = [long(0), word(0)];
      if (Number(threads(task, list, count)) !== 0) return [];
      const length = count.readUInt32LE(0);
      const address = list.readBigUInt64LE(0);
      const found = koffi.decode(address, 'uint32', length) as Uint32Array;
      free(self, address, length * 4);
      return [...found];
    },
    threadInfo: (thread: Port, flavor: number, into: Buffer) => asked(info, thread, flavor, into),
    registers: (thread: Port, flavor: number, into: Buffer) => asked(state, thread, flavor, into),
    abort: (thread: Port): boolean => Number(abort(thread)) === 0,
  };
}

function bindFiles(koffi: Koffi, system: Library) {
  const open = system.func('openat', 'int', ['int', 'str', 'int', '...']);
  const unlink = system.func('unlinkat', 'int', ['int', 'str', 'int']);
  return {
    openAt: (folder: number, name: string, flags: number, mode: number): Outcome<number> => {
      const descriptor = Number(open(folder, name, flags, 'int', mode));
      return descriptor < 0 ? { errno: koffi.errno() } : { value: descriptor };
    },
    unlinkAt: (folder: number, name: string): boolean => Number(unlink(folder, name, 0)) === 0,
  };
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value, 0);
  return bytes;
}

function long(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value), 0);
  return bytes;
}
