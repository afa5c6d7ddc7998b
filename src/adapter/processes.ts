import { PylatchError } from '../common/errors';
import type { PythonProcess } from '../inject/types';

/**
 * The one Python process that a name or pattern fits. A process whose label is exactly the text comes
 * first, then those whose label or command line contains it; `*` and `?` match as in a shell.
 * @throws PylatchError `no-such-process`, or `ambiguous-process` with the list of those that fit
 */
export function findProcess(text: string, all: readonly PythonProcess[]): number {
  const exact = all.filter((process) => process.label === text);
  const fitting = exact.length > 0 ? exact : all.filter((process) => fits(process, text));
  const [only] = fitting;
  if (!only) throw none(text);
  if (fitting.length > 1) throw several(text, fitting);
  return only.pid;
}

function fits(process: PythonProcess, text: string): boolean {
  const commandLine = process.commandLine.join(' ');
  if (!/[*?]/.test(text)) return process.label.includes(text) || commandLine.includes(text);
  const pattern = glob(text);
  return pattern.test(process.label) || pattern.test(commandLine);
}

function glob(text: string): RegExp {
  const source = text
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's');
}

function none(text: string): PylatchError {
  return new PylatchError(
    'no-such-process',
    `No running Python process fits the name "${text}".`,
    'Check the name, or give the process id from the list of Python processes.',
  );
}

function several(text: string, fitting: readonly PythonProcess[]): PylatchError {
  const list = fitting.map(({ pid, label }) => `${pid} (${label})`).join(', ');
  return new PylatchError(
    'ambiguous-process',
    `${fitting.length} Python processes fit the name "${text}": ${list}.`,
    'Give the process id of one of them, or a longer name.',
  );
}
