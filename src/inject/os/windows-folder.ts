/**
 * The session folder on Windows: inside the target's own temporary folder, with an access list that lets in the
 * target's user, ours and the system. Nothing else is asked of the folder above it.
 */
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PylatchError } from '../../common/errors';
import { openToLook } from './windows-access';
import { OWN_PROCESS } from './windows-native';
import type { WindowsNative } from './windows-native';
import { parametersOf, windowsStatus } from './windows-processes';
import { userOf } from './windows-users';
import type { ProcessStatus, SessionFile, SessionPlace } from './types';
import { connectTo } from './socket';

const PREFIX = 'pylatch-';
const SESSION_NAME = /^pylatch-[0-9a-f]{16}$/;
const SESSION_SCRIPT = /^(.*[\\/]pylatch-[0-9a-f]{16})[\\/](?:stub|script)\.py$/;
/** The file that says who made the folder: pid and time of start. */
const OWNER = 'owner';
/** Everything that a session's folder can hold; nothing else in it is touched. */
const FILES: (SessionFile | typeof OWNER)[] = [
  'stub.py',
  'script.py',
  'agent.bin',
  'agent.src',
  'error',
  'port',
  OWNER,
];
/** Room for the target's script path is 512 bytes with its NUL. */
const MAX_PATH = 511;
const HALF_MADE_MS = 10_000;
/** The system itself, in SDDL: backups and virus scanners run as that. */
const SYSTEM = 'SY';

/** See `TargetOs.makePlace`. */
export function makeWindowsFolder(
  native: WindowsNative,
  { pid }: ProcessStatus,
  fill: (place: SessionPlace) => void,
): SessionPlace {
  const failures: string[] = [];
  for (const parent of temporaryFolders(native, pid)) {
    try {
      sweep(parent);
      return filled(new WindowsFolder(native, join(parent, newName()), pid), fill);
    } catch (error) {
      failures.push(`${parent}: ${reason(error)}`);
    }
  }
  throw new PylatchError(
    'place-failed',
    `Pylatch found no place for its files that process ${pid} can use (${failures.join('; ')}).`,
    'Give the process a folder that it can write to: set TEMP, or free space on its drive.',
  );
}

/** See `TargetOs.isAbandoned`. */
export function isAbandonedScript(script: string): boolean {
  const folder = SESSION_SCRIPT.exec(script)?.[1];
  return folder !== undefined && (!existsSync(folder) || isDead(folder));
}

function newName(): string {
  return `${PREFIX}${randomBytes(8).toString('hex')}`;
}

function temporaryFolders(native: WindowsNative, pid: number): string[] {
  const own = parametersOf(native, pid)?.environment;
  const system = process.env['SystemRoot'];
  const folders = [own?.get('TEMP'), own?.get('TMP'), tmpdir(), system && join(system, 'Temp')];
  return [...new Set(folders.filter((path) => path !== undefined && path !== ''))] as string[];
}

function filled(place: SessionPlace, fill: (place: SessionPlace) => void): SessionPlace {
  try {
    fill(place);
    return place;
  } catch (error) {
    place.remove();
    throw error;
  }
}

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}

/** Full access for these users, inherited by the files, and for nobody else (`P`: not even what the parent grants). */
function accessList(native: WindowsNative, pid: number): string {
  const target = openToLook(native, pid);
  const users = [OWN_PROCESS, target].map((handle) => handle && userOf(native, handle)?.sid);
  if (target !== undefined) native.close(target);
  const granted = [...new Set(users), SYSTEM].filter((sid) => sid !== undefined && sid !== 0);
  return `D:P${granted.map((sid) => `(A;OICI;FA;;;${sid})`).join('')}`;
}

class WindowsFolder implements SessionPlace {
  readonly address = 'loopback';
  private readonly notesReading: boolean;
  private removed = false;

  constructor(
    native: WindowsNative,
    readonly folder: string,
    pid: number,
  ) {
    if (Buffer.byteLength(this.path('script.py')) > MAX_PATH) throw new Error('its name is too long');
    const made = native.createFolder(folder, accessList(native, pid));
    if ('errno' in made) throw new Error(`Windows answers with error ${made.errno}`);
    try {
      this.put(OWNER, `${process.pid} ${windowsStatus(process.pid)?.startId}\n`);
      this.notesReading = this.isReadingNoted();
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  path(name: SessionFile): string {
    return this.inside(name);
  }

  write(name: SessionFile, content: string | Uint8Array): void {
    this.put(name, content);
  }

  read(name: SessionFile): string | undefined {
    return this.get(name);
  }

  truncate(name: SessionFile): void {
    attempt(() => truncateSync(this.inside(name)));
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

  private inside(name: string): string {
    return join(this.folder, name);
  }

  private put(name: string, content: string | Uint8Array): void {
    writeFileSync(this.inside(name), content, { flag: 'wx' });
    utimesSync(this.inside(name), 0, Date.now() / 1000);
  }

  private get(name: string): string | undefined {
    return attempt(() => readFileSync(this.inside(name), 'utf8'));
  }

  /** Windows notes when a file was read last only on drives where that is switched on; Wine has other rules. */
  private isReadingNoted(): boolean {
    const before = this.accessTime(OWNER);
    return before === 0 && this.get(OWNER) !== undefined && this.accessTime(OWNER) > 0;
  }

  /** Milliseconds; a file that is gone counts as read. */
  private accessTime(name: string): number {
    return statSync(this.inside(name), { throwIfNoEntry: false })?.atimeMs ?? Infinity;
  }
}

/** Where the agent listens, once it has written the whole line. */
function portIn(folder: string): number | undefined {
  const line = attempt(() => readFileSync(join(folder, 'port'), 'latin1'));
  const digits = /^(\d{1,5})\r?\n/.exec(line ?? '')?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Removes the folders of sessions that did not end by themselves. */
function sweep(parent: string): void {
  for (const name of attempt(() => readdirSync(parent)) ?? []) {
    const folder = join(parent, name);
    // A junction could lead anywhere.
    if (!SESSION_NAME.test(name) || attempt(() => lstatSync(folder).isDirectory()) !== true) continue;
    if (!isDead(folder)) continue;
    dismiss(folder);
    empty(folder);
  }
}

/** An agent that its session has not met any more waits, and would refuse the next one. Met and left, it undoes itself. */
function dismiss(folder: string): void {
  const port = portIn(folder);
  if (port === undefined) return;
  void connectTo({ host: '127.0.0.1', port }).then(
    (socket) => socket?.destroy(),
    () => undefined,
  );
}

/** Without its owner's line a folder is half made or half removed: that takes a moment, unless the session was killed. */
function isDead(folder: string): boolean {
  const line = attempt(() => readFileSync(join(folder, OWNER), 'latin1')) ?? '';
  const [, pid, startId] = /^(\d+) (\d+)\n/.exec(line) ?? [];
  if (startId !== undefined) return windowsStatus(Number(pid))?.startId !== startId;
  const changed = attempt(() => statSync(folder).mtimeMs) ?? Infinity;
  return Date.now() - changed > HALF_MADE_MS;
}

/** Removes a session's folder. The owner's line goes last: who is interrupted here leaves a folder that can be swept. */
function empty(folder: string): void {
  for (const name of FILES) attempt(() => unlinkSync(join(folder, name)));
  attempt(() => rmdirSync(folder));
}

/** Undefined instead of an error. */
function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
