import { appendFileSync } from 'node:fs';

/** Where the parts write what a user may be asked to send along. Tags name the part: `attach`, `dap`, `link`. */
export interface Log {
  write(tag: string, text: string): void;
}

/** The log of a session whose user did not ask for one. */
export const silentLog: Log = { write: () => undefined };

/** Appends to a file, one line for each entry, the time first. An unwritable file is told by the first write's error. */
export function fileLog(path: string): Log {
  return {
    write: (tag, text) => appendFileSync(path, `${new Date().toISOString()} ${tag}: ${text}\n`),
  };
}
