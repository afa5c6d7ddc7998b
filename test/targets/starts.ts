import { execFile } from 'node:child_process';
import { mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ask, BUSY, launch, LOOP, makeFolder, program, ready, Unavailable } from './kind';
import type { Kind, Running } from './kind';

const run = promisify(execFile);

async function startShell(): Promise<Running> {
  const target = await launch(['sh', '-c', 'echo ready; read line; echo done'], await makeFolder());
  await target.waitFor('ready\n');
  return ready(target);
}

async function startOldPython(): Promise<Running> {
  const { path, version } = await oldPython();
  const target = await launch([path, '-u', '-c', LOOP], await makeFolder());
  await target.waitFor('ready\n');
  return ready(target, { [version]: '3.x' });
}

async function oldPython(): Promise<{ path: string; version: string }> {
  for (const path of ['/usr/bin/python3', 'python3']) {
    const version = await ask(path, "import sys; print('%d.%d.%d' % sys.version_info[:3])").catch(() => '');
    if (/^3\.([789]|1[0-3])\./.test(version)) return { path, version };
  }
  throw new Unavailable('this machine has no Python older than 3.14');
}

/** By how the program was started. */
export const STARTS: Kind[] = [
  program({ name: 'python -c', command: ({ path }) => [path, '-u', '-c', LOOP] }),
  program({
    name: 'python -m',
    command: ({ path }, file) => ['env', '-C', dirname(file), path, '-u', '-m', 'target'],
  }),
  program({
    name: 'a virtual environment',
    command: async ({ path }, file, folder) => {
      await run(path, ['-m', 'venv', '--without-pip', join(folder, 'venv')]);
      return [join(folder, 'venv', 'bin', 'python'), '-u', file];
    },
  }),
  program({
    name: 'a zip archive',
    command: async ({ path }, file, folder) => {
      await mkdir(join(folder, 'app'));
      await rename(file, join(folder, 'app', '__main__.py'));
      await run(path, ['-m', 'zipapp', '-o', join(folder, 'app.pyz'), join(folder, 'app')]);
      return [path, '-u', join(folder, 'app.pyz')];
    },
  }),
  program({ name: '-I -S -E', args: ['-I', '-S', '-E'] }),
  program({ name: '-X frozen_modules=on', args: ['-X', 'frozen_modules=on'] }),
  program({ name: '-X frozen_modules=off', args: ['-X', 'frozen_modules=off'] }),
  program({ name: '-X dev -W error', args: ['-X', 'dev', '-W', 'error'] }),
  program({ name: '-OO', args: ['-OO'] }),
  program({
    name: 'the JIT compiler on',
    source: BUSY,
    command: async ({ path }, file) => {
      if ((await ask(path, 'import sys; print(sys._jit.is_available())')) === 'False')
        throw new Unavailable('this Python was built without the JIT compiler');
      return ['env', 'PYTHON_JIT=1', path, '-u', file];
    },
  }),
  program({
    name: '-X disable-remote-debug',
    args: ['-X', 'disable-remote-debug'],
    expect: 'remote-debug-disabled',
  }),
  program({
    name: 'PYTHON_DISABLE_REMOTE_DEBUG set',
    env: { PYTHON_DISABLE_REMOTE_DEBUG: '' },
    expect: 'remote-debug-disabled',
  }),
  { name: 'an older Python', start: startOldPython, expect: 'python-too-old' },
  { name: 'a program that is no Python', start: startShell, expect: 'not-python' },
];
