/** Finds CPython's runtime state in a process, and walks from it to the interpreter and its threads. */
import { PylatchError } from '../common/errors';
import { programFile } from './image/index';
import type { ProgramFile } from './image/index';
import { COOKIE, LAYOUTS, OFFSETS_SIZE, parseOffsets, versionOf } from './offsets';
import type { DebugOffsets, PythonVersion } from './offsets';
import { MemoryError } from './os/types';
import type { LoadedImage, ProcessMemory, TargetProcess } from './os/types';
import { imageVersion, versionByName } from './python-file';

/** The runtime state of a process whose layout is known. */
export interface Runtime {
  address: number;
  offsets: DebugOffsets;
  /** The program file that holds it. */
  image: string;
  /** Address of `PyErr_CheckSignals` in the target, where the image exports it. */
  checkSignals?: number;
}

/** The main interpreter (id 0). */
export interface Interpreter {
  address: number;
  /** The target's own switch: false when it was started with remote debugging off. */
  remoteDebugEnabled: boolean;
  threads: PythonThread[];
  /** Address of the main thread's state; 0 where the runtime has not recorded one, or has forgotten it. */
  mainThread: number;
}

export interface PythonThread {
  /** Address of the thread's state. */
  address: number;
  /** Address of the interpreter that the state belongs to. */
  interpreter: number;
  /** The system's number of the thread. */
  nativeId: number;
  /** What `threading.get_ident` returns in it. */
  ident: bigint;
  /** It has gone on into another interpreter, and runs nothing here until it is back. */
  away: boolean;
}

/**
 * `unknown`: a Python with the debugger interface, but without a table that is known here. `version`: one whose
 * table is not there or too old still has a version to tell the user.
 */
export type FoundPython = { runtime: Runtime } | { unknown: PythonVersion } | FoundVersion;

interface FoundVersion {
  version: string;
}

type Images = Pick<TargetProcess, 'images'>;

const MAX_LIST = 20_000;
/** In a program that starts and ends threads all the time; a walk takes microseconds for each thread. */
const MAX_WALKS = 20;
/** Bytes of code that two builds do not have in common at the same address, but by chance. */
const CODE_SIZE = 32;
/** Data is searched in parts of this size, so that a huge mapping does not take as much memory here. */
const SCAN_SIZE = 1 << 22;

/**
 * Looks for Python in the process. There may be more than one, of which a program uses only one: a running one goes
 * first.
 * @returns undefined when there is none
 */
export function findPython(process: ProcessMemory & Images, layouts = LAYOUTS): FoundPython | undefined {
  const images = process.images();
  const all: FoundPython[] = [];
  for (const image of images) {
    const found = image.withBytes((bytes) => inspectImage(process, image, programFile(bytes), layouts));
    if (found !== undefined && isRunning(process, found)) return found;
    if (found !== undefined) all.push(found);
  }
  const readable = all.find((found) => 'unknown' in found) ?? all.find((found) => 'runtime' in found);
  if (readable !== undefined) return readable;
  const old = all.find((found) => 'version' in found) ?? versionByNames(images);
  return old !== undefined && !isNew(old.version) ? old : (scanForCookie(process, images, layouts) ?? old);
}

function isRunning(process: ProcessMemory, found: FoundPython): boolean {
  return 'runtime' in found && attempt(() => lifeStage(process, found.runtime)) === 'ready';
}

function versionByNames(images: LoadedImage[]): FoundVersion | undefined {
  for (const { path } of images) {
    const version = versionByName(path);
    if (version !== undefined) return { version };
  }
  return undefined;
}

function isNew(version: string): boolean {
  return Number(version.split('.')[1]) >= 14;
}

/** Undefined also for a file which is not the one that the process has mapped. */
function inspectImage(
  process: ProcessMemory,
  image: LoadedImage,
  program: ProgramFile | undefined,
  layouts: typeof LAYOUTS,
): FoundPython | undefined {
  const section = program?.runtimeSection();
  if (program === undefined || section === undefined) return undefined;
  const bias = program.loadBias(image.mappings);
  const found =
    bias === undefined ? undefined : readRuntime(process, section.address + bias, image.path, layouts);
  if (bias === undefined || found === undefined) return olderPython(image, program, section.address);
  if ('unknown' in found) return found;
  const checkSignals = loadedFunction(process, program, 'PyErr_CheckSignals', bias);
  if (checkSignals !== undefined) found.runtime.checkSignals = checkSignals;
  return found;
}

function olderPython(image: LoadedImage, program: ProgramFile, address: number): FoundVersion | undefined {
  const start = program.bytesAt(address, 16);
  if (start !== undefined && versionOf(start) !== undefined) return undefined;
  const version = imageVersion(program)?.text ?? versionByName(image.path);
  return version === undefined ? undefined : { version };
}

/** The program is made to call what is found here: so the code there must be the one of the file. */
function loadedFunction(
  process: ProcessMemory,
  program: ProgramFile,
  name: string,
  bias: number,
): number | undefined {
  const address = program.exported(name);
  if (address === undefined) return undefined;
  const code = program.bytesAt(address, CODE_SIZE);
  const loaded = attempt(() => process.read(address + bias, CODE_SIZE));
  return code !== undefined && loaded?.equals(code) ? address + bias : undefined;
}

type Readable = Exclude<FoundPython, FoundVersion>;

/** The runtime state at that address; undefined where there is no cookie. */
function readRuntime(
  process: ProcessMemory,
  address: number,
  image: string,
  layouts: typeof LAYOUTS,
): Readable | undefined {
  const start = attempt(() => process.read(address, 16));
  const version = start && versionOf(start);
  if (version === undefined || version.major !== 3 || version.minor < 14) return undefined;
  const offsets = parseOffsets(process.read(address, OFFSETS_SIZE), version, layouts);
  return offsets === undefined ? { unknown: version } : { runtime: { address, image, offsets } };
}

/**
 * The last resort for files that cannot be read or have lost their section table: the data parts of all images.
 * A cookie before an unknown table may be no more than a text, so one with a known table goes first.
 */
function scanForCookie(
  process: ProcessMemory,
  images: LoadedImage[],
  layouts: typeof LAYOUTS,
): Readable | undefined {
  let unknown: Readable | undefined;
  for (const image of images) {
    for (const address of cookies(process, image)) {
      const found = attempt(() => readRuntime(process, address, image.path, layouts));
      if (found !== undefined && 'runtime' in found) return found;
      unknown ??= found;
    }
  }
  return unknown;
}

/** Addresses of the cookie in what the image has of data; a runtime state is aligned. */
function* cookies(process: ProcessMemory, image: LoadedImage): Generator<number> {
  for (const mapping of image.mappings.filter(({ writable }) => writable)) {
    for (let start = mapping.start; start < mapping.end; start += SCAN_SIZE) {
      const size = Math.min(SCAN_SIZE, mapping.end - start);
      const bytes = attempt(() => process.read(start, size));
      if (bytes === undefined) break;
      for (let at = bytes.indexOf(COOKIE); at >= 0; at = bytes.indexOf(COOKIE, at + 1))
        if (at % 8 === 0) yield start + at;
    }
  }
}

/**
 * Walks to the main interpreter and its threads. The target runs meanwhile and may change its lists: a walk that
 * goes astray is begun again.
 * @throws PylatchError `interpreter-not-ready` when Python has not started or has ended
 */
export function walkInterpreter(process: ProcessMemory, runtime: Runtime): Interpreter {
  for (let attempts = 0; attempts < MAX_WALKS; attempts++) {
    const found = attempt(() => walkOnce(process, runtime));
    if (found !== undefined) return found;
  }
  throw notReady('has not started yet, or is already ending');
}

/** The refusal of an interpreter in which nothing can run now. */
export function notReady(why: string, fix = 'Try again in a moment.'): PylatchError {
  return new PylatchError('interpreter-not-ready', `The Python interpreter in this process ${why}.`, fix);
}

/** The refusal of an interpreter that takes itself apart. */
export function ending(): PylatchError {
  return notReady('is already ending', 'Start the program again and attach to the new process.');
}

/** How far Python is. A script that runs in it while it starts, or takes itself apart, crashes the process. */
export function lifeStage(process: ProcessMemory, runtime: Runtime): 'starting' | 'ready' | 'ending' {
  const { initialized, finalizing } = runtime.offsets.runtime;
  if (pointer(process, runtime.address + finalizing) !== 0) return 'ending';
  return process.read(runtime.address + initialized, 4).readInt32LE(0) === 1 ? 'ready' : 'starting';
}

function walkOnce(process: ProcessMemory, { address, offsets }: Runtime): Interpreter | undefined {
  const main = mainInterpreter(process, address, offsets);
  if (main === undefined) return undefined;
  const threads = walkThreads(process, main, offsets);
  return {
    address: main,
    remoteDebugEnabled: process.read(main + offsets.interpreter.remoteDebugEnabled, 4).readInt32LE(0) !== 0,
    threads,
    mainThread: pointer(process, main + offsets.interpreter.threadsMain),
  };
}

function mainInterpreter(process: ProcessMemory, runtime: number, offsets: DebugOffsets): number | undefined {
  const seen = new Set<number>();
  let at = pointer(process, runtime + offsets.runtime.interpretersHead);
  while (at !== 0 && !seen.has(at) && seen.size < MAX_LIST) {
    seen.add(at);
    if (process.read(at + offsets.interpreter.id, 8).readBigInt64LE(0) === 0n) return at;
    at = pointer(process, at + offsets.interpreter.next);
  }
  return undefined;
}

function walkThreads(
  process: ProcessMemory,
  interpreter: number,
  { interpreter: own, thread }: DebugOffsets,
): PythonThread[] {
  const threads: PythonThread[] = [];
  let at = pointer(process, interpreter + own.threadsHead);
  while (at !== 0) {
    const bytes = process.read(at, thread.nativeId + thread.idSize);
    if (threads.length > MAX_LIST || Number(bytes.readBigUInt64LE(thread.interpreter)) !== interpreter) {
      throw new MemoryError('EAGAIN', 'the list of threads changed');
    }
    threads.push({
      address: at,
      interpreter,
      nativeId: Number(wholeNumber(bytes, thread.nativeId, thread.idSize)),
      ident: wholeNumber(bytes, thread.ident, thread.idSize),
      away: isAway(bytes.readUInt32LE(thread.status)),
    });
    at = Number(bytes.readBigUInt64LE(thread.next));
  }
  // The newest thread comes first; a program's first thread is the most useful one to name first.
  return threads.reverse();
}

/**
 * False for a thread that has ended since it was found, also where another has its memory by now. A state that is given
 * up is marked as unbound before it is freed, and keeps its numbers (`unbind_tstate` of CPython's pystate.c).
 */
export function isStillThere(
  process: ProcessMemory,
  { thread: at }: DebugOffsets,
  { address, interpreter, nativeId }: PythonThread,
): boolean {
  const bytes = attempt(() => process.read(address, at.nativeId + at.idSize));
  return (
    bytes !== undefined &&
    Number(bytes.readBigUInt64LE(at.interpreter)) === interpreter &&
    Number(wholeNumber(bytes, at.nativeId, at.idSize)) === nativeId &&
    (bytes.readUInt32LE(at.status) & (STATUS.bound | STATUS.unbound)) === STATUS.bound
  );
}

/** Flags of a thread's state (cpython/pystate.h; measured on 3.14 and 3.15). */
const STATUS = { bound: 0b0010, unbound: 0b0100, innermost: 0b1000 };

/**
 * A thread of the system has one state for each interpreter that it has entered. All are bound to it, but only the
 * innermost holds `bound_gilstate`.
 */
function isAway(status: number): boolean {
  return (status & STATUS.bound) !== 0 && (status & STATUS.innermost) === 0;
}

function wholeNumber(bytes: Buffer, at: number, size: number): bigint {
  return size === 4 ? BigInt(bytes.readUInt32LE(at)) : bytes.readBigUInt64LE(at);
}

function pointer(process: ProcessMemory, address: number): number {
  return Number(process.read(address, 8).readBigUInt64LE(0));
}

/** Undefined instead of a {@link MemoryError}; any other error is ours and passes. */
export function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (error instanceof MemoryError) return undefined;
    throw error;
  }
}
