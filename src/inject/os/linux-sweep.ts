/** Session folders and agents of which nobody takes care any more, because the session was killed. */
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  rmdirSync,
  unlinkSync,
} from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { procLink, processStatus } from './linux-proc';
import type { ProcessStatus } from './types';

/** The file in a session folder that says who made it. */
export const OWNER = 'owner';
/** Goes before 16 hex digits in the name of a session folder. */
export const SESSION_PREFIX = 'pylatch-';
const SESSION_NAME = /^pylatch-[0-9a-f]{16}$/;
const HALF_MADE_MS = 10_000;
const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const PLAIN_FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Who keeps a session: told by pid, start time and the namespace in which the pid counts. */
export interface Owner {
  pid: string;
  startId: string;
  namespace: string;
}

/** This process. */
export function ownId(): Owner {
  const startId = processStatus(process.pid)?.startId ?? '';
  return { pid: String(process.pid), startId, namespace: procLink('self', 'ns/pid') ?? '' };
}

/** The contents of {@link OWNER}. */
export function ownerLine(): string {
  const { pid, startId, namespace } = ownId();
  return `${pid} ${startId} ${namespace}\n`;
}

/** False also for an owner whom we could not see. */
export function ownerHasEnded({ pid, startId, namespace }: Owner): boolean {
  return namespace === procLink('self', 'ns/pid') && processStatus(Number(pid))?.startId !== startId;
}

/** Removes the folders of sessions that did not end by themselves. */
export function sweep(parent: string, status: ProcessStatus): void {
  for (const name of attempt(() => readdirSync(parent)) ?? []) {
    if (SESSION_NAME.test(name)) attempt(() => sweepOne(join(parent, name), status));
  }
}

function sweepOne(path: string, status: ProcessStatus): void {
  const fd = openSync(path, FOLDER);
  try {
    const { uid } = fstatSync(fd);
    if (uid !== status.effectiveUid && uid !== process.geteuid?.()) return;
    if (!isDead(fd)) return;
    meetAndLeave(`/proc/self/fd/${fd}/sock`);
    empty(fd);
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
export function isAbandoned(path: string): boolean {
  const fd = attempt(() => openSync(path, FOLDER));
  if (fd === undefined) return true;
  const dead = isDead(fd);
  closeSync(fd);
  return dead;
}

/** Without its owner's line a folder is half made or half removed: that takes a moment, unless the session was killed. */
function isDead(fd: number): boolean {
  const [pid = '', startId = '', namespace] = ownerOf(fd).trim().split(' ');
  if (namespace === undefined) return Date.now() - fstatSync(fd).mtimeMs > HALF_MADE_MS;
  return ownerHasEnded({ pid, startId, namespace });
}

function ownerOf(fd: number): string {
  const owner = attempt(() => openSync(`/proc/self/fd/${fd}/${OWNER}`, PLAIN_FILE));
  if (owner === undefined) return '';
  const bytes = Buffer.alloc(256);
  const length = attempt(() => readSync(owner, bytes)) ?? 0;
  closeSync(owner);
  return bytes.toString('latin1', 0, length);
}

/** Removes all files of a folder. The owner's line goes last: who is interrupted here leaves a folder that can be swept. */
export function empty(fd: number): void {
  const folder = `/proc/self/fd/${fd}`;
  const names = attempt(() => readdirSync(folder)) ?? [];
  for (const name of [...names.filter((one) => one !== OWNER), OWNER])
    attempt(() => unlinkSync(join(folder, name)));
}

/** Undefined instead of an error. */
export function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
