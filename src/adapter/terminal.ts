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
    let known: string[] = [];
    timer = setInterval(() => {
      // The password may take minutes: those that were found are looked at first, and mostly alone.
      const running = known.filter((pid) => isArgumentOf(pid, word));
      const ended = known.length > 0 && running.length === 0;
      known = running.length > 0 ? running : processesWith(word);
      if (!ended || known.length > 0) return;
      forget();
      resolve('the command in the terminal has ended');
    }, LOOK_EVERY_MS);
  });
  return { ended, forget, stop: forget };
}

/** Only Linux has the files; elsewhere nothing is known of commands, and the user cancels. */
function processesWith(word: string): string[] {
  const names = attempt(() => readdirSync('/proc'), []);
  return names.filter((name) => /^\d+$/.test(name) && isArgumentOf(name, word));
}

function isArgumentOf(pid: string, word: string): boolean {
  return attempt(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'), '').includes(word);
}

function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
