/**
 * The session folder: 0700, owned by the target's user, inside the target's own root and temporary folder.
 * The target's user can swap anything in it at any time, and we may be root: so nothing here follows a link of
 * his, and files are reached through a descriptor of the folder.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fchownSync,
  fstatSync,
  futimesSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  rmdirSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import type { Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { PylatchError } from '../../common/errors';
import type { ProcessStatus, SessionFile, SessionPlace } from './types';
import { environment, procLink } from './linux-proc';
import { attempt, empty, isAbandoned, OWNER, ownerLine, sweep } from './linux-sweep';
import { userName } from './linux-users';
import { connectTo } from './socket';

const PREFIX = 'pylatch-';
const SOCKET = 'sock';
const SESSION_SCRIPT = /^(.*\/pylatch-[0-9a-f]{16})\/(?:stub|script)\.py$/;
/** The right to enter a folder, in the lowest three bits of its mode. */
const ENTER = 0o1;
/** Room for the target's script path is 512 bytes with its NUL. */
const MAX_PATH = 511;
/** sun_path of unix(7) is 108 bytes with its NUL. */
const MAX_SOCKET_PATH = 107;
const MAX_READ = 64 * 1024;

/** See `TargetOs.makePlace`. */
export function makeLinuxFolder(status: ProcessStatus): SessionPlace {
  const root = hostRoot(status.pid);
  const failures: string[] = [];
  for (const parent of parents(status.pid)) {
    const name = `${PREFIX}${randomBytes(8).toString('hex')}`;
    const problem = unfit(root, parent, name) ?? unreachable(root + parent, status);
    if (problem !== undefined) {
      failures.push(`${parent}: ${problem}`);
      continue;
    }
    sweep(root + parent, status);
    try {
      return new LinuxFolder(join(parent, name), root + join(parent, name), status);
    } catch (error) {
      failures.push(`${parent}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
    }
  }
  throw new PylatchError(
    'place-failed',
    `No folder was found that both Pylatch and process ${status.pid} can use (${failures.join('; ')}).`,
    'Give the process a writable temporary folder (TMPDIR), or make /tmp writable.',
  );
}

/** See `TargetOs.isAbandoned`. */
export function isAbandonedScript({ pid }: ProcessStatus, script: string): boolean {
  const folder = SESSION_SCRIPT.exec(script)?.[1];
  return folder !== undefined && isAbandoned(hostRoot(pid) + folder);
}

/** What to put before a path of the target to make it one of ours: empty where both see the same files. */
function hostRoot(pid: number): string {
  const same =
    procLink(pid, 'root') === procLink('self', 'root') &&
    procLink(pid, 'ns/mnt') === procLink('self', 'ns/mnt');
  return same ? '' : `/proc/${pid}/root`;
}

function parents(pid: number): string[] {
  const own = environment(pid).get('TMPDIR');
  const cwd = procLink(pid, 'cwd');
  const found = [own, '/tmp', '/var/tmp', '/dev/shm', cwd].filter((path) => path?.startsWith('/') === true);
  return [...new Set(found as string[])];
}

function unfit(root: string, parent: string, name: string): string | undefined {
  const path = join(parent, name, 'stub.py');
  if (!/^[\x20-\x7e]*$/.test(path)) return 'its name is not ASCII';
  if (path.length > MAX_PATH || join(parent, name, SOCKET).length > MAX_SOCKET_PATH)
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

/**
 * Root can put files where the target's user cannot get at them; the target would complain about such a script.
 * Rights by supplementary groups do not count: then another place serves.
 */
function unreachable(path: string, { effectiveUid, effectiveGid }: ProcessStatus): string | undefined {
  if (effectiveUid === 0 || effectiveUid === process.geteuid?.()) return undefined;
  for (let at = path; at !== '/'; at = dirname(at)) {
    const { mode, uid, gid } = statSync(at);
    const shift = uid === effectiveUid ? 6 : gid === effectiveGid ? 3 : 0;
    if (((mode >> shift) & ENTER) === 0) return `its user ${userName(effectiveUid)} may not enter ${at}`;
  }
  return undefined;
}

class LinuxFolder implements SessionPlace {
  readonly address: string;
  private readonly fd: number;
  private readonly owner: { uid: number; gid: number } | undefined;
  private removed = false;

  constructor(
    readonly folder: string,
    private readonly host: string,
    status: ProcessStatus,
  ) {
    this.address = `unix:${folder}/${SOCKET}`;
    mkdirSync(host, { mode: 0o700 });
    this.fd = openSync(host, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    const mine = process.geteuid?.() === status.effectiveUid;
    this.owner = mine ? undefined : { uid: status.effectiveUid, gid: status.effectiveGid };
    try {
      this.write(OWNER, ownerLine());
      if (this.owner) fchownSync(this.fd, this.owner.uid, this.owner.gid);
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  path(name: SessionFile): string {
    return `${this.folder}/${name}`;
  }

  write(name: SessionFile | typeof OWNER, content: string | Uint8Array): void {
    const fd = openSync(this.inside(name), 'wx', 0o600);
    try {
      writeFileSync(fd, content);
      if (this.owner) fchownSync(fd, this.owner.uid, this.owner.gid);
      // Older than anything: even a file system that updates access times lazily notes the first reading then.
      futimesSync(fd, 0, Date.now() / 1000);
    } finally {
      closeSync(fd);
    }
  }

  read(name: SessionFile): string | undefined {
    const fd = this.open(name, constants.O_RDONLY | constants.O_NONBLOCK);
    if (fd === undefined) return undefined;
    try {
      const bytes = Buffer.alloc(MAX_READ);
      return fstatSync(fd).isFile() ? bytes.toString('utf8', 0, readSync(fd, bytes)) : undefined;
    } finally {
      closeSync(fd);
    }
  }

  truncate(name: SessionFile): void {
    const fd = this.open(name, constants.O_WRONLY | constants.O_TRUNC);
    if (fd === undefined) return;
    writeSync(fd, '');
    closeSync(fd);
  }

  wasRead(name: SessionFile): boolean {
    const status = statSync(this.inside(name), { throwIfNoEntry: false });
    return status === undefined || status.atimeMs > 0;
  }

  connect(): Promise<Socket | undefined> {
    if (this.removed || !existsSync(this.inside(SOCKET))) return Promise.resolve(undefined);
    return connectTo({ path: this.inside(SOCKET) });
  }

  remove(): void {
    if (this.removed) return;
    this.removed = true;
    empty(this.fd);
    closeSync(this.fd);
    attempt(() => rmdirSync(this.host));
  }

  /** Through the descriptor the path is short enough for a socket, and is surely our own folder. */
  private inside(name: string): string {
    return `/proc/self/fd/${this.fd}/${name}`;
  }

  private open(name: string, flags: number): number | undefined {
    return attempt(() => openSync(this.inside(name), flags | constants.O_NOFOLLOW));
  }
}
