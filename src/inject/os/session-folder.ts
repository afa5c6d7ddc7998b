/** What session folders have in common on all systems. */

/** The file in a session folder that says who made it. */
export const OWNER = 'owner';
/** Goes before 16 hex digits in the name of a session folder. */
export const SESSION_PREFIX = 'pylatch-';
export const SESSION_NAME = /^pylatch-[0-9a-f]{16}$/;
/** A folder without its owner's line is half made or half removed: that takes a moment, unless the session was killed. */
export const HALF_MADE_MS = 10_000;

/** Undefined instead of an error. */
export function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
