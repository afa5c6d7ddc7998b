/** Session folders of which nobody takes care any more, because the session was killed. */
import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, rmdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { attempt, HALF_MADE_MS, isForAnother, OWNER, SESSION_NAME } from './session-folder';
import type { ProcessStatus } from './types';

/**
 * What the systems do in different ways. `folder` is the descriptor of an open folder, `path` its name, which others
 * may have given to something else by now.
 */
export interface FolderSystem {
  /** Opens a file of the folder. @throws the system's error */
  open(folder: number, name: string, flags: number, mode?: number): number;
  /** Removes a file of the folder. @throws the system's error */
  unlink(folder: number, name: string): void;
  /** The files of the folder. @throws the system's error */
  names(folder: number, path: string): string[];
  /** Where its socket can be connected to. */
  socketPath(folder: number, path: string): string;
  /** What tells a process from a later one with the same pid; undefined when there is none. */
  startId(pid: number): string | undefined;
  /** Tells this process from all others, now and later: the first line of {@link OWNER}. */
  ownerLine(): string;
  /** Whether the process of such a line has ended; undefined when the line is not whole. */
  ownerHasEnded(line: string): boolean | undefined;
}

/** The agent's socket. */
export const SOCKET = 'sock';
/** A script of a session; its first group is the folder. */
export const SESSION_SCRIPT = /^(.*\/pylatch-[0-9a-f]{16})\/(?:stub|script)\.py$/;
/** How a folder is opened: itself, and not what a link leads to. */
export const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const PLAIN_FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Removes the folders of sessions that did not end by themselves. */
export function sweep(system: FolderSystem, parent: string, status: ProcessStatus): void {
  for (const name of attempt(() => readdirSync(parent)) ?? []) {
    if (SESSION_NAME.test(name)) attempt(() => sweepOne(system, join(parent, name), status));
  }
}

function sweepOne(system: FolderSystem, path: string, status: ProcessStatus): void {
  const fd = openSync(path, FOLDER);
  try {
    const { uid } = fstatSync(fd);
    if (uid !== status.effectiveUid && uid !== process.geteuid?.()) return;
    const owner = ownerOf(system, fd);
    if (!isDead(system, fd, owner) || isForAnother(owner, status, (pid) => system.startId(pid))) return;
    meetAndLeave(system.socketPath(fd, path));
    empty(system, fd, path);
    rmdirSync(path);
  } finally {
    closeSync(fd);
  }
}

/**
 * An agent that its session has not met any more waits, and would refuse the next session meanwhile. Met and left,
 * it undoes itself. The connection is made within the call, so the folder may go right after it.
 * @param path of its socket; a name without a file begins with NUL
 */
export function meetAndLeave(path: string): void {
  const socket = connect(path);
  socket.on('error', () => undefined).on('connect', () => socket.destroy());
}

/** True for a folder that is gone or whose session has died. */
export function isAbandoned(system: FolderSystem, path: string): boolean {
  const fd = attempt(() => openSync(path, FOLDER));
  if (fd === undefined) return true;
  const dead = isDead(system, fd, ownerOf(system, fd));
  closeSync(fd);
  return dead;
}

/** Without its owner's line a folder is half made or half removed: that takes a moment, unless the session was killed. */
function isDead(system: FolderSystem, fd: number, owner: string): boolean {
  return system.ownerHasEnded(owner) ?? Date.now() - fstatSync(fd).mtimeMs > HALF_MADE_MS;
}

function ownerOf(system: FolderSystem, fd: number): string {
  const owner = attempt(() => system.open(fd, OWNER, PLAIN_FILE));
  if (owner === undefined) return '';
  const bytes = Buffer.alloc(256);
  const length = attempt(() => readSync(owner, bytes)) ?? 0;
  closeSync(owner);
  return bytes.toString('latin1', 0, length);
}

/** Removes all files of a folder. The owner's line goes last: who is interrupted here leaves a folder that can be swept. */
export function empty(system: FolderSystem, fd: number, path: string): void {
  const names = attempt(() => system.names(fd, path)) ?? [];
  for (const name of [...names.filter((one) => one !== OWNER), OWNER]) attempt(() => system.unlink(fd, name));
}
