import type { Log } from '../common/log';
import { silentLog } from '../common/log';

/** Logs one message; costs nothing when nobody asked for a log, because stepping waits for it. */
export function trace(log: Log, tag: string, direction: string, message: unknown): void {
  if (log !== silentLog) log.write(tag, `${direction} ${JSON.stringify(message)}`);
}
