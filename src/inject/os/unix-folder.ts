/**
 * The session folder: 0700 and owned by the target's user, with the agent's socket in it. That user can swap anything
 * in it at any time, and we may be root: so nothing here follows a link of his, and files are reached through a
 * descriptor of the folder.
 */
import {
  closeSync,
  constants,
  existsSync,
  fchownSync,
  fstatSync,
  ftruncateSync,
  futimesSync,
  mkdirSync,
  openSync,
  readSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import type { Stats } from 'node:fs';
import type { Socket } from 'node:net';
import { connectTo } from './socket';
import type { ProcessStatus, SessionFile, SessionPlace } from './types';
import { attempt, OWNER, targetLine } from './session-folder';
import { empty, FOLDER, SOCKET } from './unix-sweep';
import type { FolderSystem } from './unix-sweep';

const MAX_READ = 64 * 1024;
const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;

/** See `SessionPlace`. */
export class UnixFolder implements SessionPlace {
  readonly address: string;
  private readonly fd: number;
  private readonly owner: { uid: number; gid: number } | undefined;
  private readonly notesReading: boolean;
  private removed = false;

  /**
   * @param folder as the target names it; it must not exist yet
   * @param host the same as we name it
   */
  constructor(
    private readonly system: FolderSystem,
    readonly folder: string,
    private readonly host: string,
    status: ProcessStatus,
  ) {
    this.address = `unix:${folder}/${SOCKET}`;
    mkdirSync(host, { mode: 0o700 });
    this.fd = openSync(host, FOLDER);
    // Who may write to the parent may have moved another folder here by now: it must be neither given away nor emptied.
    if (system.names(this.fd, host).length > 0) {
      closeSync(this.fd);
      throw new Error('somebody has put another folder in the place of ours');
    }
    const mine = process.geteuid?.() === status.effectiveUid;
    this.owner = mine ? undefined : { uid: status.effectiveUid, gid: status.effectiveGid };
    try {
      this.write(OWNER, system.ownerLine() + targetLine(status));
      this.notesReading = this.read(OWNER) !== undefined && this.accessTime(OWNER) > 0;
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
    const fd = this.system.open(this.fd, name, NEW_FILE, 0o600);
    try {
      writeFileSync(fd, content);
      if (this.owner) fchownSync(fd, this.owner.uid, this.owner.gid);
      // Older than anything: even a file system that updates access times lazily notes the first reading then.
      futimesSync(fd, 0, Date.now() / 1000);
    } finally {
      closeSync(fd);
    }
  }

  read(name: SessionFile | typeof OWNER): string | undefined {
    return this.use(name, constants.O_RDONLY, (fd) => {
      const bytes = Buffer.alloc(MAX_READ);
      return bytes.toString('utf8', 0, readSync(fd, bytes));
    });
  }

  truncate(name: SessionFile): void {
    this.use(name, constants.O_WRONLY, (fd) => ftruncateSync(fd));
  }

  /** Not told by a file system that was mounted with `noatime`. */
  wasRead(name: SessionFile): boolean | undefined {
    if (this.accessTime(name) > 0) return true;
    return this.notesReading ? false : undefined;
  }

  connect(): Promise<Socket | undefined> {
    if (this.removed) return Promise.resolve(undefined);
    const path = this.system.socketPath(this.fd, this.host);
    return existsSync(path) ? connectTo({ path }) : Promise.resolve(undefined);
  }

  remove(): void {
    if (this.removed) return;
    this.removed = true;
    empty(this.system, this.fd, this.host);
    closeSync(this.fd);
    attempt(() => rmdirSync(this.host));
  }

  /** Milliseconds; a file that is gone counts as read. */
  private accessTime(name: SessionFile | typeof OWNER): number {
    return this.use(name, constants.O_RDONLY, (_fd, { atimeMs }) => atimeMs) ?? Infinity;
  }

  /** Undefined where the file is not there, or is none of ours: a link of either kind, or a pipe to keep us waiting. */
  private use<T>(name: string, flags: number, action: (fd: number, stat: Stats) => T): T | undefined {
    const careful = flags | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const fd = attempt(() => this.system.open(this.fd, name, careful));
    if (fd === undefined) return undefined;
    try {
      const stat = fstatSync(fd);
      return stat.isFile() && stat.nlink === 1 ? action(fd, stat) : undefined;
    } finally {
      closeSync(fd);
    }
  }
}
