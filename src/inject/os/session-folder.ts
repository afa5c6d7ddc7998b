/** What session folders have in common on all systems. */
import type { ProcessStatus } from './types';

/** The file in a session folder that says who made it, and in a second line for which process. */
export const OWNER = 'owner';
/** Goes before 16 hex digits in the name of a session folder. */
export const SESSION_PREFIX = 'pylatch-';
export const SESSION_NAME = /^pylatch-[0-9a-f]{16}$/;
/** A folder without its owner's line is half made or half removed: that takes a moment, unless the session was killed. */
export const HALF_MADE_MS = 10_000;

/** The second line of {@link OWNER}. */
export function targetLine({ pid, startId }: ProcessStatus): string {
  return `${pid} ${startId}\n`;
}

/**
 * True where the folder was made for another process that still lives: a request of the dead session may stand in it,
 * and the process would complain about a script that is gone. The next attach to that process sweeps the folder.
 * @param owner the contents of {@link OWNER}
 */
export function isForAnother(
  owner: string,
  { pid, startId }: ProcessStatus,
  startIdOf: (pid: number) => string | undefined,
): boolean {
  const [, itsPid = '', itsStartId] = /^.*\n(\d+) (\S+)\n/.exec(owner) ?? [];
  if (itsStartId === undefined || (Number(itsPid) === pid && itsStartId === startId)) return false;
  return startIdOf(Number(itsPid)) === itsStartId;
}

/** Undefined instead of an error. */
export function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
