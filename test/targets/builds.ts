import { execFile } from 'node:child_process';
import { copyFile, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ask, program, Unavailable } from './kind';
import type { Kind } from './kind';

const run = promisify(execFile);
const ROOT = join(__dirname, '..', '..');

let otherBuilds: Promise<string> | undefined;

/** The root folder of Debian's other builds of Python. */
function debianBuilds(): Promise<string> {
  otherBuilds ??= run(process.execPath, [join(ROOT, 'scripts', 'interpreters.mjs'), '--json', 'builds']).then(
    ({ stdout }) => (JSON.parse(stdout) as [{ path: string }])[0].path,
    (error: { stderr: string }) => {
      throw new Unavailable(error.stderr.trim().split('\n').at(-1));
    },
  );
  return otherBuilds;
}

async function debianProgram(name: string): Promise<string> {
  return join(await debianBuilds(), 'usr', 'bin', name);
}

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

const EMBEDDING = `
#include <Python.h>
#include <dlfcn.h>
#include <stdio.h>
int main(int argc, char **argv) {
    (void)argc;
    if (argv[2] && !dlopen(argv[2], RTLD_NOW | RTLD_LOCAL)) return fprintf(stderr, "%s\\n", dlerror()), 2;
    Py_InitializeEx(0);
    FILE *file = fopen(argv[1], "r");
    int failed = PyRun_SimpleFile(file, argv[1]);
    return Py_FinalizeEx() < 0 || failed;
}
`;

/** Compiles a C program that embeds libpython, to run with the loader and libraries beside that. */
async function embedding(version: string, folder: string, library: string): Promise<string[]> {
  const root = await debianBuilds();
  const libraries = join(root, 'usr', 'lib', await triplet());
  const source = join(folder, 'shop.c');
  const output = join(folder, 'shop');
  await writeFile(source, EMBEDDING);
  const link = [
    `-rpath,${folder}:${libraries}`,
    '--disable-new-dtags',
    // The C library of this machine may be older than the one that libpython was linked with.
    '--unresolved-symbols=ignore-in-shared-libs',
    `--dynamic-linker,${await ask(await debianProgram(`python${version}`), LOADER)}`,
  ].map((option) => `-Wl,${option}`);
  const include = join(root, 'usr', 'include', `python${version}`);
  await gcc([`--sysroot=${root}`, `-I${include}`, source, '-o', output, ...link, library]);
  return ['env', `PYTHONHOME=${root}/usr`, 'PYTHONUNBUFFERED=1', output];
}

async function gcc(args: string[]): Promise<void> {
  await run('gcc', args).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? new Unavailable('gcc is not installed') : error;
  });
}

async function triplet(): Promise<string> {
  return (
    await run('gcc', ['-dumpmachine']).catch(() => Promise.reject(new Unavailable('gcc is not installed')))
  ).stdout.trim();
}

async function library(version: string): Promise<string> {
  return join(await debianBuilds(), 'usr', 'lib', await triplet(), `libpython${version}.so.1.0`);
}

/** Prints the path of the dynamic loader. */
const LOADER = String.raw`
import re
print(re.search(r'/\S*/ld[-.]\S*', open('/proc/self/maps').read())[0])
`;

/** An upgrade puts new files in the place of old ones that still run. */
async function replace(file: string): Promise<void> {
  await writeFile(`${file}.new`, 'another program');
  await rename(`${file}.new`, file);
}

/** A C program around a private copy of libpython, of which this may become something else. */
function embedded(name: string, change?: (file: string) => Promise<void>): Kind {
  const copy = (folder: string): string => join(folder, 'libpython.so');
  return program({
    name,
    command: async ({ version }, file, folder) => {
      await copyFile(await library(version), copy(folder));
      return [...(await embedding(version, folder, copy(folder))), file];
    },
    ...(change && { then: (_, folder) => change(copy(folder)) }),
  });
}

const OTHER_VERSION: Record<string, string> = { '3.14': '3.15', '3.15': '3.14' };

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
  embedded('a C program that embeds Python'),
  embedded('the same, its library replaced', replace),
  embedded('the same, its library deleted', rm),
  program({
    name: 'a C program with two versions of Python, one of them started',
    command: async ({ version }, file, folder) => [
      ...(await embedding(version, folder, await library(version))),
      file,
      await library(OTHER_VERSION[version] ?? version),
    ],
  }),
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
