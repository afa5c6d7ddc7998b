/**
 * The session folder: 0700, owned by the target's user, inside the target's own root and temporary folder.
 * The target's user can swap anything in it at any time, and we may be root: so nothing here follows a link of
 * his, and files are reached through a descriptor of the folder.
 */
import {
  closeSync,
  constants,
  existsSync,
  fchownSync,
  fstatSync,
  futimesSync,
  mkdirSync,
  openSync,
  readSync,
  rmdirSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import type { Socket } from 'node:net';
import type { ProcessStatus, SessionFile, SessionPlace } from './types';
import { attempt, empty, OWNER, ownerLine } from './linux-sweep';
import { connectTo } from './socket';

/** The agent's socket. */
export const SOCKET = 'sock';
const MAX_READ = 64 * 1024;

/** See `SessionPlace`. */
export class LinuxFolder implements SessionPlace {
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

  read(name: SessionFile | typeof OWNER): string | undefined {
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

  /** Not told by a file system that was mounted with `noatime`. */
  wasRead(name: SessionFile): boolean | undefined {
    if (this.accessTime(name) > 0) return true;
    return this.notesReading ? false : undefined;
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

  /** Milliseconds; a file that is gone counts as read. */
  private accessTime(name: string): number {
    return statSync(this.inside(name), { throwIfNoEntry: false })?.atimeMs ?? Infinity;
  }

  /** Through the descriptor the path is short enough for a socket, and is surely our own folder. */
  private inside(name: string): string {
    return `/proc/self/fd/${this.fd}/${name}`;
  }

  private open(name: string, flags: number): number | undefined {
    return attempt(() => openSync(this.inside(name), flags | constants.O_NOFOLLOW));
  }
}
