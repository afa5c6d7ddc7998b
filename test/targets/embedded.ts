import { execFile } from 'node:child_process';
import { copyFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Target } from '../support/targets';
import { debianBuilds, debianProgram, LOADER, replace } from './debian';
import { ask, program, Unavailable } from './kind';
import type { Kind, Program } from './kind';

const run = promisify(execFile);

/** Its arguments: the program in Python, and what to do before it. */
const SOURCE = `
#include <Python.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
int main(int argc, char **argv) {
    const char *first = argc > 2 ? argv[2] : "";
    if (strcmp(first, "without") == 0) {
        puts("ready");
        fflush(stdout);
        getchar();
        puts("done");
        return 0;
    }
    if (strcmp(first, "twice") == 0) {
        Py_InitializeEx(0);
        Py_FinalizeEx();
    }
    if (first[0] == '/' && !dlopen(first, RTLD_NOW | RTLD_LOCAL)) return 2;
    Py_InitializeEx(0);
    int failed = PyRun_SimpleFile(fopen(argv[1], "r"), argv[1]);
    return Py_FinalizeEx() < 0 || failed;
}
`;

/** Compiles the program, to run with a copy of libpython and with the loader and the libraries of its root. */
async function compile(version: string, folder: string): Promise<string[]> {
  const root = await debianBuilds();
  const source = join(folder, 'shop.c');
  const output = join(folder, 'shop');
  await writeFile(source, SOURCE);
  await copyFile(await library(version), copyIn(folder));
  const link = [
    `-rpath,${folder}:${join(root, 'usr', 'lib', await triplet())}`,
    '--disable-new-dtags',
    // The C library of this machine may be older than the one that libpython was linked with.
    '--unresolved-symbols=ignore-in-shared-libs',
    `--dynamic-linker,${await ask(await debianProgram(`python${version}`), LOADER)}`,
  ].map((option) => `-Wl,${option}`);
  const include = join(root, 'usr', 'include', `python${version}`);
  await gcc([`--sysroot=${root}`, `-I${include}`, source, '-o', output, ...link, copyIn(folder)]);
  return ['env', `PYTHONHOME=${root}/usr`, 'PYTHONUNBUFFERED=1', output];
}

function copyIn(folder: string): string {
  return join(folder, 'libpython.so');
}

async function library(version: string): Promise<string> {
  return join(await debianBuilds(), 'usr', 'lib', await triplet(), `libpython${version}.so.1.0`);
}

async function triplet(): Promise<string> {
  return (await gcc(['-dumpmachine'])).trim();
}

async function gcc(args: string[]): Promise<string> {
  try {
    return (await run('gcc', args)).stdout;
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ENOENT'
      ? new Unavailable('gcc is not installed')
      : error;
  }
}

/** Another file at the path of the library, for the program alone. */
async function mountOver({ pid }: Target, folder: string): Promise<void> {
  const other = join(folder, 'other.so');
  await copyFile(join(folder, 'shop'), other);
  await run('nsenter', ['-t', String(pid), '-m', 'mount', '--bind', other, copyIn(folder)]);
}

function embedded(
  spec: Omit<Program, 'command'>,
  mode?: (version: string) => Promise<string> | string,
): Kind {
  return program({
    ...spec,
    command: async ({ version }, file, folder) => [
      ...(await compile(version, folder)),
      file,
      ...(mode ? [await mode(version)] : []),
    ],
  });
}

const OTHER_VERSION: Record<string, string> = { '3.14': '3.15', '3.15': '3.14' };

/** C programs with a Python inside. */
export const EMBEDDED: Kind[] = [
  embedded({ name: 'a C program that embeds Python' }),
  embedded({ name: 'the same, its library replaced', then: (_, folder) => replace(copyIn(folder)) }),
  embedded({ name: 'the same, its library deleted', then: (_, folder) => rm(copyIn(folder)) }),
  program({
    name: 'the same, another file mounted over its library',
    command: async ({ version }, file, folder) => {
      if (process.getuid?.() !== 0) throw new Unavailable('only root may mount');
      return ['unshare', '-m', ...(await compile(version, folder)), file];
    },
    then: mountOver,
  }),
  embedded({ name: 'the same, its Python ended and started again' }, () => 'twice'),
  embedded({ name: 'a C program with another Python beside, not started' }, (version) =>
    library(OTHER_VERSION[version] ?? version),
  ),
  embedded(
    { name: 'a C program that has not started its Python', expect: 'interpreter-not-ready' },
    () => 'without',
  ),
];
