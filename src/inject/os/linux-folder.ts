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
  lchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmdirSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { connect as connectSocket } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { PylatchError } from '../../common/errors';
import type { ProcessStatus, SessionFolder } from './types';
import { environment, procLink, processStatus } from './linux-proc';

const PREFIX = 'pylatch-';
const OWNER = 'owner';
/** Room for the target's script path is 512 bytes with its NUL. */
const MAX_PATH = 511;
/** sun_path of unix(7) is 108 bytes with its NUL. */
const MAX_SOCKET_PATH = 107;
const MAX_READ = 64 * 1024;

/** See `TargetOs.makeFolder`. */
export function makeLinuxFolder(status: ProcessStatus): SessionFolder {
  const root = hostRoot(status.pid);
  const failures: string[] = [];
  for (const parent of parents(status.pid)) {
    const name = `${PREFIX}${randomBytes(8).toString('hex')}`;
    const problem = unfit(root, parent, name);
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
  if (path.length > MAX_PATH || join(parent, name, 'sock').length > MAX_SOCKET_PATH)
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

class LinuxFolder implements SessionFolder {
  private readonly fd: number;
  private readonly owner: { uid: number; gid: number } | undefined;
  private removed = false;

  constructor(
    readonly target: string,
    readonly host: string,
    status: ProcessStatus,
  ) {
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

  write(name: string, content: string | Uint8Array): void {
    const path = this.inside(name);
    writeFileSync(path, content, { mode: 0o600, flag: 'wx' });
    if (this.owner) lchownSync(path, this.owner.uid, this.owner.gid);
    // Older than anything: even a file system that updates access times lazily notes the first reading then.
    utimesSync(path, 0, Date.now() / 1000);
  }

  read(name: string): string | undefined {
    const fd = this.open(name, constants.O_RDONLY | constants.O_NONBLOCK);
    if (fd === undefined) return undefined;
    try {
      const bytes = Buffer.alloc(MAX_READ);
      return fstatSync(fd).isFile() ? bytes.toString('utf8', 0, readSync(fd, bytes)) : undefined;
    } finally {
      closeSync(fd);
    }
  }

  truncate(name: string): void {
    const fd = this.open(name, constants.O_WRONLY | constants.O_TRUNC);
    if (fd === undefined) return;
    writeSync(fd, '');
    closeSync(fd);
  }

  exists(name: string): boolean {
    return !this.removed && existsSync(this.inside(name));
  }

  wasRead(name: string): boolean {
    return !this.exists(name) || statSync(this.inside(name)).atimeMs > 0;
  }

  connect(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connectSocket({ path: this.inside('sock') });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(socket);
      });
    });
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

/** Who made the folder: told by pid, start time and the namespace in which the pid counts. */
function ownerLine(): string {
  return `${process.pid} ${processStatus(process.pid)?.startId} ${procLink('self', 'ns/pid')}\n`;
}

/** Removes the folders of sessions that did not end by themselves. */
function sweep(parent: string, status: ProcessStatus): void {
  for (const name of attempt(() => readdirSync(parent)) ?? []) {
    if (name.startsWith(PREFIX)) attempt(() => sweepOne(join(parent, name), status));
  }
}

function sweepOne(path: string, status: ProcessStatus): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    const { uid } = fstatSync(fd);
    if (uid !== status.effectiveUid && uid !== process.geteuid?.()) return;
    const owner = openSync(`/proc/self/fd/${fd}/${OWNER}`, constants.O_RDONLY | constants.O_NOFOLLOW);
    const bytes = Buffer.alloc(256);
    const line = bytes.toString('latin1', 0, readSync(owner, bytes));
    closeSync(owner);
    if (!isDead(line)) return;
    empty(fd);
    rmdirSync(path);
  } finally {
    closeSync(fd);
  }
}

function isDead(line: string): boolean {
  const [pid = '', startId, namespace] = line.trim().split(' ');
  return namespace === procLink('self', 'ns/pid') && processStatus(Number(pid))?.startId !== startId;
}

function empty(fd: number): void {
  const folder = `/proc/self/fd/${fd}`;
  for (const name of attempt(() => readdirSync(folder)) ?? []) attempt(() => unlinkSync(join(folder, name)));
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
