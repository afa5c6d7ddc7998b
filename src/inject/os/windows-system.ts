/**
 * The list of processes and threads that Windows keeps: `SYSTEM_PROCESS_INFORMATION` of NtQuerySystemInformation in
 * its 64-bit layout. It needs no right to any process, and one call gives all.
 */
export interface SystemProcess {
  pid: number;
  parentPid: number;
  /** The name of its program file. */
  name: string;
  /** FILETIME: units of 100 ns since 1601. */
  createdAt: bigint;
  cpuMs: number;
  /** Memory that it holds at present (working set), bytes. */
  memoryBytes: number;
  threads: SystemThread[];
}

export interface SystemThread {
  tid: number;
  createdAt: bigint;
  /** `KTHREAD_STATE`: 5 waits. */
  state: number;
  /** `KWAIT_REASON`, for one that waits. */
  waitReason: number;
}

const PROCESS_SIZE = 256;
const THREAD_SIZE = 80;
const MAX_PROCESSES = 100_000;
/** Units of a FILETIME in a millisecond. */
const FILETIME_MS = 10_000;
/** Milliseconds from 1601 to 1970. */
const EPOCH_MS = 11_644_473_600_000;

/** Milliseconds since the epoch of a FILETIME. */
export function unixMs(filetime: bigint): number {
  return Number(filetime) / FILETIME_MS - EPOCH_MS;
}

/**
 * Reads the list.
 * @param address where its first byte was when the pointers in it were written
 */
export function parseSystemProcesses(bytes: Buffer, address: bigint): SystemProcess[] {
  const found: SystemProcess[] = [];
  let at = 0;
  while (at + PROCESS_SIZE <= bytes.length && found.length < MAX_PROCESSES) {
    found.push(parseProcess(bytes, at, address));
    const next = bytes.readUInt32LE(at);
    if (next === 0) break;
    at += next;
  }
  return found;
}

function parseProcess(bytes: Buffer, at: number, address: bigint): SystemProcess {
  const time = (offset: number): bigint => bytes.readBigUInt64LE(at + offset);
  return {
    pid: Number(time(80)),
    parentPid: Number(time(88)),
    name: text(bytes, bytes.readUInt16LE(at + 56), Number(time(64) - address)),
    createdAt: time(32),
    cpuMs: Number(time(40) + time(48)) / FILETIME_MS,
    memoryBytes: Number(time(144)),
    threads: [...threads(bytes, at)],
  };
}

function* threads(bytes: Buffer, process: number): Generator<SystemThread> {
  const count = bytes.readUInt32LE(process + 4);
  for (let index = 0; index < count; index++) {
    const at = process + PROCESS_SIZE + index * THREAD_SIZE;
    if (at + THREAD_SIZE > bytes.length) return;
    yield {
      tid: Number(bytes.readBigUInt64LE(at + 48)),
      createdAt: bytes.readBigUInt64LE(at + 16),
      state: bytes.readUInt32LE(at + 68),
      waitReason: bytes.readUInt32LE(at + 72),
    };
  }
}

/** The list holds its own texts; the process without a program ("idle") has none. */
function text(bytes: Buffer, length: number, at: number): string {
  return at > 0 && at + length <= bytes.length ? bytes.toString('utf16le', at, at + length) : '';
}
