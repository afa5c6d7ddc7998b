import { readdirSync, readFileSync } from 'node:fs';
import type { HelperRun } from '../inject/elevation/elevated';
import type { Client } from './client';

const LOOK_EVERY_MS = 100;

/** Starts the helper by sudo in a terminal of the client, where the user types the password. See `StartHelper`. */
export async function startInTerminal(client: Client, command: readonly string[]): Promise<HelperRun> {
  await client.runInTerminal('Pylatch: attach as administrator', command);
  return watch(command.at(-1)!);
}

/**
 * Clients do not tell when a command in their terminal ends, as it does after a wrong password. So we look for the
 * processes that have its last word, which nobody else has, among their arguments.
 */
function watch(word: string): HelperRun {
  let timer: NodeJS.Timeout | undefined;
  const forget = (): void => clearInterval(timer);
  const ended = new Promise<string>((resolve) => {
    let seen = false;
    timer = setInterval(() => {
      const runs = isArgument(word);
      if (seen && !runs) {
        forget();
        resolve('the command in the terminal has ended');
      }
      seen ||= runs;
    }, LOOK_EVERY_MS);
  });
  return { ended, forget, stop: forget };
}

/** Only Linux has the files; elsewhere nothing is known of commands, and the user cancels. */
function isArgument(word: string): boolean {
  return attempt(() => readdirSync('/proc'), []).some((name) => {
    const isProcess = /^\d+$/.test(name);
    return isProcess && attempt(() => readFileSync(`/proc/${name}/cmdline`, 'utf8'), '').includes(word);
  });
}

function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
