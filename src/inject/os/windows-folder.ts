/**
 * The session folder on Windows: its access list lets in the target's user, ours and the system. Nothing is asked of
 * the folder above it.
 */
import { readFileSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { attempt, OWNER, targetLine } from './session-folder';
import { connectTo } from './socket';
import { looking } from './windows-access';
import { OWN_PROCESS } from './windows-native';
import type { WindowsNative } from './windows-native';
import { windowsStatus } from './windows-processes';
import { empty, portIn } from './windows-sweep';
import { userOf } from './windows-users';
import type { ProcessStatus, SessionFile, SessionPlace } from './types';

type FileName = SessionFile | typeof OWNER;

/** Room for the target's script path is 512 bytes with its NUL. */
const MAX_PATH = 511;
/** The system itself, in SDDL: backups and virus scanners run as that. */
const SYSTEM = 'SY';

/** Full access for these users, inherited by the files, and for nobody else (`P`: not even what the parent grants). */
function accessList(native: WindowsNative, pid: number): string {
  const theirs = looking(native, pid, (target) => userOf(native, target)?.sid);
  const users = new Set([userOf(native, OWN_PROCESS)?.sid, theirs, SYSTEM]);
  users.delete(undefined);
  return `D:P${[...users].map((sid) => `(A;OICI;FA;;;${sid})`).join('')}`;
}

/** See `SessionPlace`. */
export class WindowsFolder implements SessionPlace {
  readonly address = 'loopback';
  private readonly notesReading: boolean;
  private removed = false;

  constructor(
    native: WindowsNative,
    readonly folder: string,
    status: ProcessStatus,
  ) {
    if (Buffer.byteLength(this.path('script.py')) > MAX_PATH) throw new Error('its name is too long');
    const made = native.createFolder(folder, accessList(native, status.pid));
    if ('errno' in made) throw new Error(`Windows answers with error ${made.errno}`);
    try {
      this.write(OWNER, `${process.pid} ${windowsStatus(process.pid)?.startId}\n${targetLine(status)}`);
      this.notesReading = this.isReadingNoted();
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  path(name: FileName): string {
    return join(this.folder, name);
  }

  write(name: FileName, content: string | Uint8Array): void {
    writeFileSync(this.path(name), content, { flag: 'wx' });
    // Older than anything, so that the first reading is noted.
    utimesSync(this.path(name), 0, Date.now() / 1000);
  }

  read(name: FileName): string | undefined {
    return attempt(() => readFileSync(this.path(name), 'utf8'));
  }

  truncate(name: SessionFile): void {
    attempt(() => truncateSync(this.path(name)));
  }

  wasRead(name: SessionFile): boolean | undefined {
    return this.notesReading ? this.accessTime(name) > 0 : undefined;
  }

  connect(): Promise<Socket | undefined> {
    const port = portIn(this.folder);
    return port === undefined ? Promise.resolve(undefined) : connectTo({ host: '127.0.0.1', port });
  }

  remove(): void {
    if (this.removed) return;
    this.removed = true;
    empty(this.folder);
  }

  /** Windows notes when a file was read last only on drives where that is switched on; Wine has other rules. */
  private isReadingNoted(): boolean {
    const before = this.accessTime(OWNER);
    return before === 0 && this.read(OWNER) !== undefined && this.accessTime(OWNER) > 0;
  }

  /** Milliseconds; a file that is gone counts as read. */
  private accessTime(name: FileName): number {
    return statSync(this.path(name), { throwIfNoEntry: false })?.atimeMs ?? Infinity;
  }
}
