/**
 * The start of CPython's runtime state describes itself: `_Py_DebugOffsets`
 * (CPython's Include/internal/pycore_debug_offsets.h). The order of its fields differs between minor versions,
 * so each version has a table of indexes here. All values are little-endian 64-bit words.
 */
import { PylatchError } from '../common/errors';

export const COOKIE = 'xdebugpy';

/** Enough for the tables of every known version. Bytes. */
export const OFFSETS_SIZE = 1024;

/** Offsets (bytes) inside the runtime's structures, and what the build says of itself. */
export interface DebugOffsets {
  version: PythonVersion;
  freeThreaded: boolean;
  /** `initialized`: `int`, 1 from the end of the start on; `finalizing`: pointer, 0 until the end begins. */
  runtime: { size: number; initialized: number; finalizing: number; interpretersHead: number };
  interpreter: {
    size: number;
    id: number;
    next: number;
    threadsHead: number;
    threadsMain: number;
    remoteDebugEnabled: number;
  };
  thread: {
    size: number;
    next: number;
    interpreter: number;
    ident: number;
    nativeId: number;
    /** Bytes of each of the two: C's `unsigned long`, 4 on Windows and 8 elsewhere. */
    idSize: number;
    /** Flags in one `unsigned int`, see `isAway`. */
    status: number;
    evalBreaker: number;
    /** `int`: 1 asks for the script. */
    pendingCall: number;
    /** NUL-terminated path of the script. */
    scriptPath: number;
    scriptPathSize: number;
  };
}

export interface PythonVersion {
  major: number;
  minor: number;
  micro: number;
  /** As `sys.version` begins: `3.14.10`, `3.15.0b1`. */
  text: string;
}

/** Word indexes of one minor version's table. */
export interface Layout {
  /** Length of the table. */
  words: number;
  runtime: number;
  interpreter: number;
  thread: number;
  threadIdent: number;
  support: number;
}

/**
 * Measured on 3.14.10 and 3.15.2. `runtime`: size, finalizing, interpreters_head; `interpreter`: size, id, next,
 * threads_head, threads_main; `thread`: size, prev, next, interp; `threadIdent`: thread_id, native_thread_id,
 * datastack_chunk, status;
 * `support`: eval_breaker, support struct, enabled, pending call, path, path size.
 */
export const LAYOUTS: Readonly<Record<number, Layout>> = {
  14: { words: 95, runtime: 3, interpreter: 6, thread: 22, threadIdent: 27, support: 89 },
  15: { words: 111, runtime: 3, interpreter: 6, thread: 22, threadIdent: 30, support: 105 },
};

/** The minor versions of Python 3 that have a table. */
export const MINORS = Object.keys(LAYOUTS).map(Number);

/** The versions that have a table, in words. */
export const SUPPORTED = '3.14 and 3.15';

/** `PY_VERSION_HEX` in words: 0x030e0af0 is 3.14.10. */
export function parseVersion(hex: number): PythonVersion {
  const [major, minor, micro] = [(hex >>> 24) & 0xff, (hex >>> 16) & 0xff, (hex >>> 8) & 0xff];
  const level = { 0xa: 'a', 0xb: 'b', 0xc: 'rc' }[(hex >>> 4) & 0xf];
  const suffix = level === undefined ? '' : `${level}${hex & 0xf}`;
  return { major, minor, micro, text: `${major}.${minor}.${micro}${suffix}` };
}

/** The version in the first 16 bytes of a runtime state; undefined without the cookie (before 3.13). */
export function versionOf(bytes: Buffer): PythonVersion | undefined {
  if (bytes.length < 16 || bytes.toString('latin1', 0, 8) !== COOKIE) return undefined;
  return parseVersion(Number(bytes.readBigUInt64LE(8) & 0xffffffffn));
}

/**
 * Reads the table at the runtime's start.
 * @returns undefined for a version or a table that is not one of the known ones
 */
export function parseOffsets(
  bytes: Buffer,
  version: PythonVersion,
  layouts = LAYOUTS,
): DebugOffsets | undefined {
  const layout = version.major === 3 ? layouts[version.minor] : undefined;
  if (layout === undefined || bytes.length < layout.words * 8) return undefined;
  const offsets = pick(bytes, layout, version);
  return consistent(offsets) ? offsets : undefined;
}

function pick(bytes: Buffer, layout: Layout, version: PythonVersion): DebugOffsets {
  const word = (index: number): number => Number(bytes.readBigUInt64LE(index * 8));
  const supportStruct = word(layout.support + 1);
  return {
    version,
    freeThreaded: word(2) === 1,
    runtime: {
      size: word(layout.runtime),
      // Not in the table: the `int` before `_finalizing`, which pointers align to 8 (pycore_runtime_structs.h).
      initialized: word(layout.runtime + 1) - 8,
      finalizing: word(layout.runtime + 1),
      interpretersHead: word(layout.runtime + 2),
    },
    interpreter: {
      size: word(layout.interpreter),
      id: word(layout.interpreter + 1),
      next: word(layout.interpreter + 2),
      threadsHead: word(layout.interpreter + 3),
      threadsMain: word(layout.interpreter + 4),
      remoteDebugEnabled: word(layout.support + 2),
    },
    thread: {
      size: word(layout.thread),
      next: word(layout.thread + 2),
      interpreter: word(layout.thread + 3),
      ident: word(layout.threadIdent),
      nativeId: word(layout.threadIdent + 1),
      idSize: word(layout.threadIdent + 1) - word(layout.threadIdent),
      status: word(layout.threadIdent + 3),
      evalBreaker: word(layout.support),
      pendingCall: supportStruct + word(layout.support + 3),
      scriptPath: supportStruct + word(layout.support + 4),
      scriptPathSize: word(layout.support + 5),
    },
  };
}

/** Much more than any build has: what is read and searched stays small whatever a table says. Bytes. */
const MAX_SIZE = { runtime: 1 << 24, interpreter: 1 << 24, thread: 1 << 16 };

/** A wrong table would make us write somewhere: every field must lie inside its structure, and the path be 512 long. */
function consistent({ runtime, interpreter, thread }: DebugOffsets): boolean {
  const { idSize } = thread;
  const known = thread.nativeId + idSize;
  return (
    runtime.size <= MAX_SIZE.runtime &&
    interpreter.size <= MAX_SIZE.interpreter &&
    thread.size <= MAX_SIZE.thread &&
    (idSize === 4 || idSize === 8) &&
    thread.scriptPathSize === 512 &&
    thread.scriptPath === thread.pendingCall + 4 &&
    fits(runtime.initialized, 4, runtime.size) &&
    [runtime.finalizing, runtime.interpretersHead].every((at) => fits(at, 8, runtime.size)) &&
    [interpreter.id, interpreter.next, interpreter.threadsHead, interpreter.threadsMain].every((at) =>
      fits(at, 8, interpreter.size),
    ) &&
    fits(interpreter.remoteDebugEnabled, 4, interpreter.size) &&
    fits(thread.nativeId, idSize, thread.size) &&
    // A walk reads a thread up to the end of its native id.
    [thread.next, thread.interpreter].every((at) => fits(at, 8, known)) &&
    fits(thread.ident, idSize, known) &&
    fits(thread.status, 4, known) &&
    fits(thread.evalBreaker, 8, thread.size) &&
    fits(thread.scriptPath, thread.scriptPathSize, thread.size)
  );
}

function fits(at: number, length: number, size: number): boolean {
  return at >= 0 && at % 4 === 0 && at + length <= size;
}

/**
 * The refusal of a version that nobody has measured.
 * @param why the reason why its own `sys.remote_exec` does not serve either, where that was tried
 */
export function unknownLayout({ text }: PythonVersion, why?: string): PylatchError {
  const tried = why === undefined ? '' : `, and its own sys.remote_exec does not serve: ${why}`;
  return new PylatchError(
    'python-unknown',
    `This is Python ${text}, while this release of Pylatch knows ${SUPPORTED}${tried}.`,
    'Install a newer release of Pylatch.',
  );
}
