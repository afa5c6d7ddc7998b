/** Chooses where the files of an attach go: the first place that both sides can use. */
import { randomBytes } from 'node:crypto';
import { existsSync, lstatSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { firstPlace } from './first-place';
import { linuxFolders } from './linux-folder';
import { isAbandonedFile, makeMemoryPlace } from './linux-memfd';
import type { LinuxNative } from './linux-native';
import { environment, procLink, procText, statusField } from './linux-proc';
import { userName } from './linux-users';
import type { ProcessStatus, SessionPlace } from './types';
import { UnixFolder } from './unix-folder';
import { attempt, SESSION_PREFIX } from './session-folder';
import { isAbandoned, SESSION_SCRIPT, SOCKET, sweep } from './unix-sweep';

/** Room for the target's script path is 512 bytes with its NUL. */
const MAX_PATH = 511;
/** sun_path of unix(7) is 108 bytes with its NUL. */
const MAX_SOCKET_PATH = 107;
/** The right to enter a folder, in the lowest three bits of its mode. */
const ENTER = 0o1;
/** CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH of capabilities(7): either enters every folder. */
const CAP_ENTER = 0b110n;

/** See `TargetOs.makePlace`. */
export function makeLinuxPlace(
  native: LinuxNative,
  status: ProcessStatus,
  fill: (place: SessionPlace) => void,
): SessionPlace {
  const root = hostRoot(status.pid);
  const inFolder = (parent: string) => ({ where: parent, make: () => makeFolder(root, parent, status) });
  const inMemory = { where: 'in memory', make: () => makeMemoryPlace(native, status, root) };
  return firstPlace(
    status.pid,
    [...temporaryFolders(status).map(inFolder), inMemory, ...otherFolders(status).map(inFolder)],
    fill,
    'Give the process a folder that it can write to: set TMPDIR, free space in /tmp, or start a container with --tmpfs /tmp.',
  );
}

/** See `TargetOs.isAbandoned`. */
export function isAbandonedScript({ pid }: ProcessStatus, script: string): boolean {
  const root = hostRoot(pid);
  const folder = SESSION_SCRIPT.exec(script)?.[1];
  return folder === undefined ? isAbandonedFile(root, script) : isAbandoned(linuxFolders, root + folder);
}

/** What to put before a path of the target to make it one of ours: empty where both see the same files. */
function hostRoot(pid: number): string {
  const same =
    procLink(pid, 'root') === procLink('self', 'root') &&
    procLink(pid, 'ns/mnt') === procLink('self', 'ns/mnt');
  return same ? '' : `/proc/${pid}/root`;
}

function temporaryFolders({ pid, effectiveUid }: ProcessStatus): string[] {
  const own = environment(pid);
  return absolute([own.get('TMPDIR'), '/tmp', '/var/tmp', '/dev/shm', `/run/user/${effectiveUid}`]);
}

/** Behind all others, as a program may watch these, for example to load itself anew when a file changes. */
function otherFolders({ pid }: ProcessStatus): string[] {
  const mounts = procText(pid, 'mountinfo') ?? '';
  const writable = [
    ...mounts.matchAll(/^\d+ \d+ \S+ \S+ (\S+) rw\S* .*- (?:tmpfs|overlay|ext4|xfs|btrfs) \S+ rw/gm),
  ].map(([, path]) => path);
  return absolute([...writable, environment(pid).get('HOME'), workingFolder(pid)]);
}

/** `/proc` names it from our root; a target that has called chroot names it from its own. */
function workingFolder(pid: number): string | undefined {
  const root = procLink(pid, 'root') ?? '/';
  const path = procLink(pid, 'cwd');
  return root === '/' || path === undefined ? path : relativeTo(root, path);
}

function relativeTo(root: string, path: string): string | undefined {
  return path === root || path.startsWith(`${root}/`) ? path.slice(root.length) || '/' : undefined;
}

function absolute(paths: (string | undefined)[]): string[] {
  const found = paths.filter((path) => path?.startsWith('/') === true) as string[];
  return [...new Set(found.map((path) => normalize(path)))];
}

function makeFolder(root: string, parent: string, status: ProcessStatus): SessionPlace {
  const path = join(parent, `${SESSION_PREFIX}${randomBytes(8).toString('hex')}`);
  const problem =
    unfit(root, parent, path) ?? unreachable(root === '' ? realpathSync(parent) : root + parent, status);
  if (problem !== undefined) throw new Error(problem);
  sweep(linuxFolders, root + parent, status);
  return new UnixFolder(linuxFolders, path, root + path, status);
}

function unfit(root: string, parent: string, path: string): string | undefined {
  if (!/^[\x20-\x7e]*$/.test(path)) return 'its name is not ASCII';
  if (`${path}/stub.py`.length > MAX_PATH || `${path}/${SOCKET}`.length > MAX_SOCKET_PATH)
    return 'its name is too long';
  // A symbolic link below /proc/PID/root would lead into our own root instead of the target's.
  if (root !== '' && hasLink(root, parent)) return 'it is reached through a symbolic link';
  return existsSync(root + parent) ? undefined : 'it does not exist';
}

function hasLink(root: string, path: string): boolean {
  let at = root;
  for (const part of path.split('/').filter((one) => one !== '')) {
    at += `/${part}`;
    if (lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink() === true) return true;
  }
  return false;
}

/** We may have more rights than the target, which would complain about a script that it cannot get at. */
function unreachable(path: string, { pid, effectiveUid, effectiveGid }: ProcessStatus): string | undefined {
  const status = procText(pid, 'status') ?? '';
  const sameUsers = procLink(pid, 'ns/user') === procLink('self', 'ns/user');
  if (sameUsers && (BigInt(`0x${statusField(status, 'CapEff') ?? '0'}`) & CAP_ENTER) !== 0n) return undefined;
  const groups = (statusField(status, 'Groups') ?? '').trim().split(' ').map(Number);
  for (let at = path; at !== '/'; at = dirname(at)) {
    const folder = attempt(() => statSync(at));
    if (folder === undefined) continue;
    const member = folder.gid === effectiveGid || groups.includes(folder.gid);
    const shift = folder.uid === effectiveUid ? 6 : member ? 3 : 0;
    if (((folder.mode >> shift) & ENTER) === 0)
      return `its user ${userName(effectiveUid)} may not enter ${at}`;
  }
  return undefined;
}
