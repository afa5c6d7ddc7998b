/** Session folders on Windows, and those of which nobody takes care any more because the session was killed. */
import { lstatSync, readdirSync, readFileSync, rmdirSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { attempt, HALF_MADE_MS, isForAnother, OWNER, SESSION_NAME } from './session-folder';
import { connectTo } from './socket';
import { windowsStatus } from './windows-processes';
import type { ProcessStatus, SessionFile } from './types';

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

/** Where the agent listens, once it has written the whole line. */
export function portIn(folder: string): number | undefined {
  const line = attempt(() => readFileSync(join(folder, 'port'), 'latin1'));
  const digits = /^(\d{1,5})\r?\n/.exec(line ?? '')?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Removes the folders of sessions that did not end by themselves. */
export function sweep(parent: string, status: ProcessStatus): void {
  for (const name of attempt(() => readdirSync(parent)) ?? []) {
    const folder = join(parent, name);
    // A junction could lead anywhere.
    if (!SESSION_NAME.test(name) || attempt(() => lstatSync(folder).isDirectory()) !== true) continue;
    if (!isDead(folder) || isForAnother(ownerOf(folder), status, (pid) => windowsStatus(pid)?.startId))
      continue;
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

/** True for the folder of a session whose process has ended. */
export function isDead(folder: string): boolean {
  const [, pid, startId] = /^(\d+) (\d+)\n/.exec(ownerOf(folder)) ?? [];
  if (startId !== undefined) return windowsStatus(Number(pid))?.startId !== startId;
  const changed = attempt(() => statSync(folder).mtimeMs) ?? Infinity;
  return Date.now() - changed > HALF_MADE_MS;
}

function ownerOf(folder: string): string {
  return attempt(() => readFileSync(join(folder, OWNER), 'latin1')) ?? '';
}

/** Removes a session's folder. The owner's line goes last: who is interrupted here leaves a folder that can be swept. */
export function empty(folder: string): void {
  for (const name of FILES) attempt(() => unlinkSync(join(folder, name)));
  attempt(() => rmdirSync(folder));
}
