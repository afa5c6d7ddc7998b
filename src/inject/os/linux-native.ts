/** The system calls that Node does not offer. */
import { loadKoffi } from './native';
import type { ForeignCall, Outcome } from './native';

export interface LinuxNative {
  /** `process_vm_readv` into `into`; the value is the number of bytes. */
  readMemory(pid: number, address: number, into: Buffer): Outcome<number>;
  /** `process_vm_writev`. */
  writeMemory(pid: number, address: number, from: Uint8Array): Outcome<number>;
  /** `ptrace` for the requests that take a plain number as data. */
  ptrace(request: number, tid: number, data: number): Outcome<number>;
  /** `PTRACE_GETREGSET` and `PTRACE_SETREGSET` of the general registers; the value is the number of bytes. */
  registers(request: number, tid: number, registers: Buffer): Outcome<number>;
  /** `PTRACE_GETSIGINFO`: fails while the thread is not stopped. */
  stopInfo(tid: number): Outcome<{ signal: number; code: number }>;
  /** `waitpid` for one thread, without waiting: buries it if it has ended while it was traced. */
  reap(tid: number): void;
  /** `memfd_create`, close-on-exec; the value is the descriptor. */
  memfd(name: string): Outcome<number>;
}

const MFD_CLOEXEC = 1;
const WNOHANG = 1;
const WALL = 0x40000000;
const NT_PRSTATUS = 1;
const PTRACE_GETSIGINFO = 0x4202;
const SIGINFO_SIZE = 128;

let loaded: Promise<LinuxNative> | undefined;

/** Loads koffi and binds the C library on first use. */
export function linuxNative(): Promise<LinuxNative> {
  loaded ??= bind();
  return loaded;
}

async function bind(): Promise<LinuxNative> {
  const koffi = loadKoffi();
  const lib = koffi.load(null);
  const local = koffi.struct({ base: 'void *', length: 'size_t' });
  const remote = koffi.struct({ base: 'uintptr_t', length: 'size_t' });
  const vector = ['int', koffi.pointer(local), 'ulong', koffi.pointer(remote), 'ulong', 'ulong'];
  const readv = lib.func('process_vm_readv', 'intptr_t', vector);
  const writev = lib.func('process_vm_writev', 'intptr_t', vector);
  const ptrace = lib.func('ptrace', 'long', ['long', 'int', 'uintptr_t', 'uintptr_t']);
  const regset = lib.func('ptrace', 'long', ['long', 'int', 'uintptr_t', koffi.inout(koffi.pointer(local))]);
  const siginfo = lib.func('ptrace', 'long', ['long', 'int', 'uintptr_t', 'void *']);
  const waitpid = lib.func('waitpid', 'int', ['int', 'void *', 'int']);
  const memfd = lib.func('memfd_create', 'int', ['str', 'uint']);
  const outcome = <T>(result: number, value: T): Outcome<T> =>
    result < 0 ? { errno: koffi.errno() } : { value };
  const transfer = (call: ForeignCall, pid: number, address: number, bytes: Uint8Array): Outcome<number> => {
    const { length } = bytes;
    const done = Number(call(pid, { base: bytes, length }, 1, { base: address, length }, 1, 0));
    return outcome(done, done);
  };
  return {
    readMemory: (pid, address, into) => transfer(readv, pid, address, into),
    writeMemory: (pid, address, from) => transfer(writev, pid, address, from),
    ptrace: (request, tid, data) => {
      const result = Number(ptrace(request, tid, 0, data));
      return outcome(result, result);
    },
    registers: (request, tid, registers) => {
      const result = Number(regset(request, tid, NT_PRSTATUS, { base: registers, length: registers.length }));
      return outcome(result, registers.length);
    },
    stopInfo: (tid) => {
      const info = Buffer.alloc(SIGINFO_SIZE);
      const result = Number(siginfo(PTRACE_GETSIGINFO, tid, 0, info));
      return outcome(result, { signal: info.readInt32LE(0), code: info.readInt32LE(8) });
    },
    reap: (tid) => {
      waitpid(tid, null, WNOHANG | WALL);
    },
    memfd: (name) => {
      const fd = Number(memfd(name, MFD_CLOEXEC));
      return outcome(fd, fd);
    },
  };
}
