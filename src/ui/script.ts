import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { PythonProcess } from '../inject/types';

/** The file that a process was started with, if it can be reached from here. No `vscode` here. */
export async function scriptOf(process: PythonProcess): Promise<string | undefined> {
  for (const file of candidates(process)) if (await isFile(file)) return file;
  return undefined;
}

function candidates({ commandLine, cwd }: PythonProcess): string[] {
  const base = cwd ?? '/';
  const module = commandLine[commandLine.indexOf('-m', 1) + 1];
  const fromModule = commandLine.includes('-m') && module !== undefined ? moduleFiles(base, module) : [];
  return [...fromModule, ...commandLine.slice(1).map((argument) => resolve(base, argument))].filter((file) =>
    /\.pyw?$/.test(file),
  );
}

function moduleFiles(base: string, module: string): string[] {
  const path = join(base, ...module.split('.'));
  return [`${path}.py`, join(path, '__main__.py')];
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
