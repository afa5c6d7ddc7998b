/** Opens processes, and explains why Windows refuses it. */
import { PylatchError } from '../../common/errors';
import { ERROR_ACCESS_DENIED, OWN_PROCESS } from './windows-native';
import type { Handle, WindowsNative } from './windows-native';
import { isElevated, userOf } from './windows-users';

/** `PROCESS_VM_OPERATION | PROCESS_VM_READ | PROCESS_VM_WRITE | PROCESS_QUERY_INFORMATION`. */
const DEBUG = 0x0008 | 0x0010 | 0x0020 | 0x0400;
/** `PROCESS_QUERY_LIMITED_INFORMATION`: given where hardly anything else is. */
const LOOK = 0x1000;
const BASIC_INFORMATION = 0;
const WOW64_INFORMATION = 26;
const PROTECTION_INFORMATION = 61;

/** Opens a process for a look at it; undefined when there is none, or not even that is allowed. Close it. */
export function openToLook(native: WindowsNative, pid: number): Handle | undefined {
  const opened = native.openProcess(LOOK, pid);
  if (!('value' in opened)) return undefined;
  // Windows takes any of the four numbers from a multiple of 4 on for the process that has the multiple.
  const basic = Buffer.alloc(48);
  const known = native.queryProcess(opened.value, BASIC_INFORMATION, basic);
  if (known && Number(basic.readBigUInt64LE(32)) === pid) return opened.value;
  native.close(opened.value);
  return undefined;
}

/** Opens a process for a look at it while `use` runs. */
export function looking<T>(native: WindowsNative, pid: number, use: (process: Handle) => T): T | undefined {
  const process = openToLook(native, pid);
  if (process === undefined) return undefined;
  try {
    return use(process);
  } finally {
    native.close(process);
  }
}

/**
 * Opens a process for reading and writing. Close it.
 * @throws PylatchError `no-permission`; `unsupported-system` for a 32-bit program
 */
export function openToDebug(native: WindowsNative, pid: number): Handle {
  let opened = native.openProcess(DEBUG, pid);
  if ('errno' in opened && opened.errno === ERROR_ACCESS_DENIED) {
    // An administrator holds this right, but switched off.
    native.enablePrivilege('SeDebugPrivilege');
    opened = native.openProcess(DEBUG, pid);
  }
  if ('errno' in opened) throw accessRefusal(native, pid, opened.errno);
  if (!is32Bit(native, opened.value)) return opened.value;
  native.close(opened.value);
  throw new PylatchError(
    'unsupported-system',
    `Process ${pid} is a 32-bit program, and Pylatch attaches to 64-bit ones.`,
    'Run it with a 64-bit Python.',
  );
}

/** Opens a process for reading and writing while `use` runs, or tells why that is refused. */
export function debugging<T>(
  native: WindowsNative,
  pid: number,
  use: (process: Handle) => T,
): { value: T } | { refusal: PylatchError } {
  let process: Handle;
  try {
    process = openToDebug(native, pid);
  } catch (error) {
    if (error instanceof PylatchError) return { refusal: error };
    throw error;
  }
  try {
    return { value: use(process) };
  } finally {
    native.close(process);
  }
}

/** The refusal of a process that cannot be opened to debug; undefined when it can. */
export function debugRefusal(native: WindowsNative, pid: number): PylatchError | undefined {
  const opened = debugging(native, pid, () => undefined);
  return 'refusal' in opened ? opened.refusal : undefined;
}

function is32Bit(native: WindowsNative, process: Handle): boolean {
  const block = Buffer.alloc(8);
  return native.queryProcess(process, WOW64_INFORMATION, block) && block.readBigUInt64LE(0) !== 0n;
}

/** The right that is missing, and how to get it. */
function accessRefusal(native: WindowsNative, pid: number, errno: number): PylatchError {
  const refuse = (why: string, fix: string): PylatchError =>
    new PylatchError('no-permission', `You may not debug process ${pid}: ${why}.`, fix);
  if (errno !== ERROR_ACCESS_DENIED)
    return refuse(`Windows answers with error ${errno}`, 'Try again, or choose another process.');
  const { user, isProtected } = look(native, pid);
  if (isProtected) {
    return new PylatchError(
      'debugging-locked',
      `Nobody may debug process ${pid}: Windows protects it even against administrators.`,
      'Choose another process: this one cannot be debugged.',
    );
  }
  if (isElevated(native)) {
    return refuse(
      'neither its own security settings nor the right "Debug programs" (SeDebugPrivilege) allow it',
      'Ask for that right: Local Security Policy, User Rights Assignment, Debug programs.',
    );
  }
  const own = userOf(native, OWN_PROCESS)?.name;
  const why =
    user === undefined
      ? 'it belongs to another user, or runs as administrator'
      : user === own
        ? 'it runs with more rights than you have now, for example as administrator'
        : `it belongs to user ${user}, and you are ${own}`;
  return refuse(why, 'Start the editor or the terminal with "Run as administrator".');
}

function look(native: WindowsNative, pid: number): { user?: string | undefined; isProtected: boolean } {
  const level = Buffer.alloc(1);
  const seen = looking(native, pid, (process) => ({
    user: userOf(native, process)?.name,
    isProtected: native.queryProcess(process, PROTECTION_INFORMATION, level) && level[0] !== 0,
  }));
  return seen ?? { isProtected: false };
}
