/** Chooses where the files of an attach go on macOS: the first folder that both sides can use. */
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { getSystemErrorName } from 'node:util';
import { darwinStatus, startInfo } from './darwin-info';
import type { DarwinNative } from './darwin-native';
import { firstPlace } from './first-place';
import type { ProcessStatus, SessionPlace } from './types';
import { UnixFolder } from './unix-folder';
import { SESSION_PREFIX } from './session-folder';
import { isAbandoned, SESSION_SCRIPT, SOCKET, sweep } from './unix-sweep';
import type { FolderSystem } from './unix-sweep';

/** Room for the target's script path is 512 bytes with its NUL. */
const MAX_PATH = 511;
/** `sun_path` of unix(4) is 104 bytes with its NUL. */
const MAX_SOCKET_PATH = 103;

/** See `TargetOs.makePlace`. */
export function makeDarwinPlace(
  native: DarwinNative,
  status: ProcessStatus,
  fill: (place: SessionPlace) => void,
): SessionPlace {
  const system = darwinFolders(native);
  // `TMPDIR` is a folder of the user's own, below /var/folders.
  const own = startInfo(native, status.pid)?.environment.get('TMPDIR');
  const parents = [own, '/tmp', '/var/tmp'].filter((path) => path?.startsWith('/') === true) as string[];
  return firstPlace(
    status.pid,
    [...new Set(parents.map((path) => normalize(path)))].map((parent) => ({
      where: parent,
      make: () => makeFolder(system, parent, status),
    })),
    fill,
    'Give the process a folder that it can write to: set TMPDIR, or free space on its disk.',
  );
}

/** See `TargetOs.isAbandoned`. */
export function isAbandonedDarwinScript(native: DarwinNative, script: string): boolean {
  const folder = SESSION_SCRIPT.exec(script)?.[1];
  return folder !== undefined && isAbandoned(darwinFolders(native), folder);
}

function makeFolder(system: FolderSystem, parent: string, status: ProcessStatus): SessionPlace {
  const path = join(parent, `${SESSION_PREFIX}${randomBytes(8).toString('hex')}`);
  const problem = unfit(parent, path);
  if (problem !== undefined) throw new Error(problem);
  sweep(system, parent, status);
  return new UnixFolder(system, path, path, status);
}

function unfit(parent: string, path: string): string | undefined {
  if (!/^[\x20-\x7e]*$/.test(path)) return 'its name is not ASCII';
  if (`${path}/script.py`.length > MAX_PATH || `${path}/${SOCKET}`.length > MAX_SOCKET_PATH)
    return 'its name is too long';
  return existsSync(parent) ? undefined : 'it does not exist';
}

/**
 * Files are opened and removed by `openat` and `unlinkat`. A socket can be connected to by its path only: who swaps
 * the folder could have us connect to a socket of his, and he is the target's own user, whom the agent obeys anyway.
 */
function darwinFolders(native: DarwinNative): FolderSystem {
  return {
    open: (folder, name, flags, mode = 0) => {
      const file = native.openAt(folder, name, flags, mode);
      if ('value' in file) return file.value;
      const code = getSystemErrorName(-file.errno);
      throw Object.assign(new Error(`${code}: ${name}`), { code });
    },
    unlink: (folder, name) => void native.unlinkAt(folder, name),
    // The names only: what was put in the place of the folder loses nothing.
    names: (_, path) => readdirSync(path),
    socketPath: (_, path) => join(path, SOCKET),
    startId: (pid) => darwinStatus(native, pid)?.startId,
    ownerLine: () => `${process.pid} ${darwinStatus(native, process.pid)?.startId}\n`,
    ownerHasEnded: (line) => {
      const [, pid, startId] = /^(\d+) ([\d.]+)\n/.exec(line) ?? [];
      return startId === undefined ? undefined : darwinStatus(native, Number(pid))?.startId !== startId;
    },
  };
}
