import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { debianProgram, LOADER, replace } from './debian';
import { EMBEDDED } from './embedded';
import { ask, program } from './kind';
import type { Kind } from './kind';

/** The interpreter's executable as a file of the target's own, by another name. */
async function copied(python: string, copy: string): Promise<string[]> {
  await copyFile(await ask(python, "import os; print(os.readlink('/proc/self/exe'))"), copy);
  return ['env', `PYTHONHOME=${await home(python)}`, copy, '-u'];
}

async function home(python: string): Promise<string> {
  return ask(python, "import sys; print(sys.base_prefix, sys.base_exec_prefix, sep=':')");
}

/** What `strip --strip-section-headers` of newer binutils does: the table of sections is not found any more. */
async function stripSections(file: string): Promise<void> {
  const bytes = await readFile(file);
  bytes.writeBigUInt64LE(0n, 0x28);
  bytes.writeUInt32LE(0, 0x3c);
  await writeFile(file, bytes);
}

/** By how the interpreter was built, and by what has become of its files. */
export const BUILDS: Kind[] = [
  program({ name: 'a program' }),
  program({
    name: 'an executable at a fixed address',
    command: async ({ version }, file) => [await debianProgram(`python${version}`), '-u', file],
  }),
  program({
    name: 'a debug build',
    command: async ({ version }, file) => [await debianProgram(`python${version}d`), '-u', file],
  }),
  ...EMBEDDED,
  program({
    name: 'a renamed executable',
    command: async ({ path }, file, folder) => [...(await copied(path, join(folder, 'shop'))), file],
  }),
  program({
    name: 'an executable replaced while it runs',
    command: async ({ path }, file, folder) => [...(await copied(path, join(folder, 'python3'))), file],
    then: (_, folder) => replace(join(folder, 'python3')),
  }),
  program({
    name: 'an executable deleted while it runs',
    command: async ({ path }, file, folder) => [...(await copied(path, join(folder, 'python3'))), file],
    then: (_, folder) => rm(join(folder, 'python3')),
  }),
  program({
    name: 'an executable without section headers',
    command: async ({ path }, file, folder) => {
      const command = await copied(path, join(folder, 'shop'));
      await stripSections(join(folder, 'shop'));
      return [...command, file];
    },
  }),
  program({
    name: 'started through the dynamic loader',
    command: async ({ path }, file) => [await ask(path, LOADER), path, '-u', file],
  }),
];
