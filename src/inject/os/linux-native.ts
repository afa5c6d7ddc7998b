/** The system calls that Node does not offer. */
import { closeSync } from 'node:fs';
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
  /** `pidfd_getfd`: another process's descriptor as one of ours, close-on-exec; the value is to be closed. */
  borrow(pid: number, fd: number): Outcome<number>;
  /** `getsockopt` at SOL_SOCKET into `into`. */
  socketOption(fd: number, option: number, into: Buffer): Outcome<number>;
}

/** The same on all machines (asm-generic/unistd.h). */
const SYS_PIDFD_OPEN = 434;
const SYS_PIDFD_GETFD = 438;
const SOL_SOCKET = 1;

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
  const getsockopt = lib.func('getsockopt', 'int', ['int', 'int', 'int', 'void *', 'void *']);
  // Older C libraries have no functions of their own for the calls that are made this way.
  const syscall = lib.func('syscall', 'long', ['long', 'long', 'long', 'long']);
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
    borrow: (pid, fd) => borrow(syscall, outcome, pid, fd),
    socketOption: (fd, option, into) => {
      const size = Buffer.alloc(4);
      size.writeUInt32LE(into.length, 0);
      const result = Number(getsockopt(fd, SOL_SOCKET, option, into, size));
      return outcome(result, result);
    },
  };
}

/** By a descriptor of the process, which cannot come to mean another one. */
function borrow(
  syscall: ForeignCall,
  outcome: (result: number, value: number) => Outcome<number>,
  pid: number,
  fd: number,
): Outcome<number> {
  const process = Number(syscall(SYS_PIDFD_OPEN, pid, 0, 0));
  if (process < 0) return outcome(process, process);
  const copy = Number(syscall(SYS_PIDFD_GETFD, process, fd, 0));
  const result = outcome(copy, copy);
  closeSync(process);
  return result;
}
