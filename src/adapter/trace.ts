import { PylatchError } from '../common/errors';
import type { Log } from '../common/log';
import { silentLog } from '../common/log';

/** Logs one message; costs nothing when nobody asked for a log, because stepping waits for it. */
export function trace(log: Log, tag: string, direction: string, message: unknown): void {
  if (log !== silentLog) log.write(tag, `${direction} ${JSON.stringify(message)}`);
}

/**
 * Opens the log that the user asked for.
 * @throws PylatchError `bad-arguments` when the file cannot be written; a failure later only ends the log
 */
export function openLog(path: string | undefined, open: (path: string) => Log): Log {
  if (path === undefined) return silentLog;
  const log = open(path);
  try {
    log.write('dap', 'log of a Pylatch session');
  } catch (error) {
    const text = `"logFile" cannot be written: ${(error as Error).message}.`;
    throw new PylatchError(
      'bad-arguments',
      text,
      'Name a file in a folder that exists and that you may write to.',
    );
  }
  return untilFailure(log);
}

/** A full disk is no reason to lose the session, let alone to leave the target without a detach. */
function untilFailure(log: Log): Log {
  let failed = false;
  return {
    write: (tag, text) => {
      if (failed) return;
      try {
        log.write(tag, text);
      } catch {
        failed = true;
      }
    },
  };
}
