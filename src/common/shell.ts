import { printable } from './printable';

/** Programs may be given megabytes. */
const MAX_SHOWN = 2000;

/** A command as one types it into a POSIX shell: words that the shell would change are quoted. */
export function shellLine(words: readonly string[]): string {
  return words.map(quoted).join(' ');
}

/** The command line of a process for people to read: control characters can be seen, and what is too long is cut. */
export function shownCommand(words: readonly string[]): string {
  const line = printable(shellLine(words));
  return line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN)}... (${line.length} characters)` : line;
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
