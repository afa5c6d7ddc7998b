/** Explains why macOS refuses to let us debug a process: `task_for_pid` only ever answers with "failure". */
import { PylatchError } from '../../common/errors';
import type { DarwinNative } from './darwin-native';
import type { ProcessStatus } from './types';

/** Flags of a code signature (XNU's osfmk/kern/cs_blobs.h). */
const CS_GET_TASK_ALLOW = 0x4;
const CS_RESTRICT = 0x800;
const CS_RUNTIME = 0x10000;
const CS_PLATFORM_BINARY = 0x4000000;
const AS_ROOT = 'Run Pylatch as root (sudo).';

/** True for the programs that macOS brings along: nobody debugs them, and they load no libraries of others. */
export function isPartOfMacos(native: DarwinNative, pid: number): boolean {
  return (native.signing(pid) & CS_PLATFORM_BINARY) !== 0;
}

/** True when the kernel gives us the task; asking has no effect on the process. */
export function mayAccess(native: DarwinNative, pid: number): boolean {
  const task = native.task(pid);
  if ('errno' in task) return false;
  native.release(task.value);
  return true;
}

/** The right that is missing, and how to get it. */
export function accessRefusal(native: DarwinNative, status: ProcessStatus): PylatchError {
  const { pid } = status;
  if (process.geteuid?.() === 0) return expectedRefusal(native, status) ?? hardened(native, pid);
  const why = 'macOS lets only root, and debuggers that Apple has certified, look into other processes';
  return expectedRefusal(native, status) ?? refuse(pid, why, AS_ROOT);
}

/** What can be told without asking for the right: there is no use in trying. */
export function expectedRefusal(native: DarwinNative, status: ProcessStatus): PylatchError | undefined {
  const { pid, uid, effectiveUid } = status;
  if ((native.signing(pid) & (CS_RESTRICT | CS_PLATFORM_BINARY)) !== 0) {
    return new PylatchError(
      'debugging-locked',
      `Nobody may debug process ${pid}: its Python belongs to macOS, and System Integrity Protection guards it.`,
      'Run the program with a Python from python.org, Homebrew, conda or uv instead of the one in /usr/bin.',
    );
  }
  const own = process.geteuid?.() ?? -1;
  if (own === 0 || (own === uid && own === effectiveUid)) return undefined;
  const user = native.userName(own === uid ? effectiveUid : uid);
  return refuse(pid, `it belongs to user ${user}, and you are ${native.userName(own)}`, AS_ROOT);
}

function hardened(native: DarwinNative, pid: number): PylatchError {
  const flags = native.signing(pid);
  const path = native.path(pid) ?? 'PROGRAM';
  if ((flags & CS_RUNTIME) !== 0 && (flags & CS_GET_TASK_ALLOW) === 0) {
    return refuse(
      pid,
      'it is signed with the hardened runtime and without the entitlement com.apple.security.get-task-allow',
      `Sign a copy for debugging, codesign --force --sign - "${path}", and start the program again.`,
    );
  }
  return refuse(
    pid,
    'a security policy of this Mac forbids it (a profile of its administrator, or a security program)',
    'Ask its administrator to allow debugging.',
  );
}

function refuse(pid: number, why: string, fix: string): PylatchError {
  return new PylatchError('no-permission', `You may not debug process ${pid}: ${why}.`, fix);
}
