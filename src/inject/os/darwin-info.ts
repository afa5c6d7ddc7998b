/**
 * What libproc and sysctl tell of a process, decoded. Offsets are those of `proc_bsdinfo`, `proc_taskinfo`,
 * `vnode_info_path` and `proc_regionwithpathinfo` in XNU's bsd/sys/proc_info.h (64-bit).
 */
import type { DarwinNative } from './darwin-native';
import type { ProcessStatus } from './types';

/** What a process was started with. */
export interface StartInfo {
  executable: string;
  commandLine: string[];
  /** Empty also where the system keeps it to itself. */
  environment: Map<string, string>;
}

/** A piece of a file in an address space. */
export interface FileRegion {
  start: number;
  end: number;
  writable: boolean;
  executable: boolean;
  offset: number;
  path: string;
}

const PROC_PIDTBSDINFO = 3;
const PROC_PIDTASKINFO = 4;
const PROC_PIDVNODEPATHINFO = 9;
/** As `PROC_PIDREGIONPATHINFO`, for regions of files alone. */
const PROC_PIDREGIONPATHINFO2 = 22;
const BSD_INFO_SIZE = 136;
const TASK_INFO_SIZE = 96;
const VNODE_PATH_SIZE = 1176;
const VNODE_PATH_AT = 152;
const REGION_SIZE = 96;
/** As argument of `PROC_PIDTBSDINFO`: also of processes that have ended but are not buried. */
const ZOMBIES_TOO = 1;
const SSTOP = 4;
const SZOMB = 5;
const VM_PROT_WRITE = 2;
const VM_PROT_EXECUTE = 4;
const MAX_REGIONS = 20_000;

/** See `TargetOs.status`. */
export function darwinStatus(native: DarwinNative, pid: number): ProcessStatus | undefined {
  const bytes = native.info(pid, PROC_PIDTBSDINFO, ZOMBIES_TOO, BSD_INFO_SIZE);
  if (bytes === undefined) return undefined;
  const state = bytes.readUInt32LE(4);
  return {
    pid,
    parentPid: bytes.readUInt32LE(16),
    name: text(bytes, 64, 32) || text(bytes, 48, 16),
    state: state === SZOMB ? 'ended' : state === SSTOP ? 'stopped' : 'alive',
    uid: bytes.readUInt32LE(28),
    effectiveUid: bytes.readUInt32LE(20),
    effectiveGid: bytes.readUInt32LE(24),
    startId: `${bytes.readBigUInt64LE(120)}.${bytes.readBigUInt64LE(128)}`,
    // Threads have numbers of another kind than processes.
    owner: pid,
  };
}

/** Milliseconds since the epoch, from a status's `startId`: seconds, a dot, microseconds. */
export function startedAt({ startId }: ProcessStatus): number {
  const [seconds = '0', micros = '0'] = startId.split('.');
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
}

/** Undefined for processes of others, unless we are root. */
export function usage(native: DarwinNative, pid: number): { cpuMs: number; memoryBytes: number } | undefined {
  const bytes = native.info(pid, PROC_PIDTASKINFO, 0, TASK_INFO_SIZE);
  if (bytes === undefined) return undefined;
  const ticks = Number(bytes.readBigUInt64LE(16) + bytes.readBigUInt64LE(24));
  return { cpuMs: (ticks * native.tickNs()) / 1e6, memoryBytes: Number(bytes.readBigUInt64LE(8)) };
}

/** Undefined for processes of others, unless we are root. */
export function workingFolder(native: DarwinNative, pid: number): string | undefined {
  const bytes = native.info(pid, PROC_PIDVNODEPATHINFO, 0, 2 * VNODE_PATH_SIZE);
  const path = bytes && text(bytes, VNODE_PATH_AT, VNODE_PATH_SIZE - VNODE_PATH_AT);
  return path === '' ? undefined : path;
}

/** All pieces of files in the address space, in its order. None for processes of others, unless we are root. */
export function fileRegions(native: DarwinNative, pid: number): FileRegion[] {
  const regions: FileRegion[] = [];
  let at = 0;
  while (regions.length < MAX_REGIONS) {
    const bytes = native.info(pid, PROC_PIDREGIONPATHINFO2, at, REGION_SIZE + VNODE_PATH_SIZE);
    const region = bytes && fileRegion(bytes);
    if (region === undefined || region.end <= at) break;
    regions.push(region);
    at = region.end;
  }
  return regions;
}

function fileRegion(bytes: Buffer): FileRegion {
  const protection = bytes.readUInt32LE(0);
  const start = Number(bytes.readBigUInt64LE(80));
  return {
    start,
    end: start + Number(bytes.readBigUInt64LE(88)),
    writable: (protection & VM_PROT_WRITE) !== 0,
    executable: (protection & VM_PROT_EXECUTE) !== 0,
    offset: Number(bytes.readBigUInt64LE(16)),
    path: text(bytes, REGION_SIZE + VNODE_PATH_AT, VNODE_PATH_SIZE - VNODE_PATH_AT),
  };
}

/** What the process was started with; undefined for processes of others, unless we are root. */
export function startInfo(native: DarwinNative, pid: number): StartInfo | undefined {
  const bytes = native.startBytes(pid);
  return bytes && parseStart(bytes);
}

/**
 * The bytes of `KERN_PROCARGS2`: the number of arguments, the program's path, NULs up to a word's border, the
 * arguments, the environment, and an empty text before what the kernel tells the loader.
 */
export function parseStart(bytes: Buffer): StartInfo | undefined {
  if (bytes.length < 4) return undefined;
  const count = bytes.readInt32LE(0);
  const [executable = '', ...rest] = bytes.toString('utf8', 4).split('\0');
  const first = rest.findIndex((one) => one !== '');
  const texts = first < 0 ? [] : rest.slice(first);
  const environment = new Map<string, string>();
  for (const entry of texts.slice(Math.max(0, count))) {
    if (entry === '') break;
    const at = entry.indexOf('=');
    if (at > 0) environment.set(entry.slice(0, at), entry.slice(at + 1));
  }
  return { executable, commandLine: texts.slice(0, Math.max(0, count)), environment };
}

function text(bytes: Buffer, at: number, size: number): string {
  const end = bytes.subarray(at, at + size).indexOf(0);
  return bytes.toString('utf8', at, at + (end < 0 ? size : end));
}
