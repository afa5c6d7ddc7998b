import type { Kind } from './kind';
import { program } from './kind';

/** Kinds of Python programs, by how they were built, started, and what they do. */
export const KINDS: Kind[] = [
  program({ name: 'a program' }),
  program({ name: 'a busy loop', source: "print('ready')\nwhile True: pass", endless: true }),
  program({
    name: 'remote debugging switched off',
    args: ['-X', 'disable-remote-debug'],
    expect: 'remote-debug-disabled',
  }),
];
