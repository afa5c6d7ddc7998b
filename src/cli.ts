#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { asPylatchError } from './common/errors';
import { printable } from './common/printable';
import { doctor } from './cli/doctor';
import { exec } from './cli/exec';
import { ps } from './cli/ps';
import { UsageError } from './cli/usage';
import { HELPER } from './inject/elevation/command';

const USAGE = `usage: pylatch COMMAND

Attaches to Python processes that are already running (CPython 3.14 and newer).

  pylatch ps [--json]
      lists the Python processes as a tree, those that can be attached to first
  pylatch doctor PID [--json]
      examines a process without touching it: what stands in the way of an attach, and what to do about it
  pylatch exec PID SCRIPT [--thread main|any|TID] [--timeout SECONDS]
      runs a script once inside a process
  pylatch dap [--port N | --socket PATH]
      serves debuggers: the Debug Adapter Protocol on standard input and output, or on a socket
  pylatch --help | --version
`;

async function main([command, ...args]: string[]): Promise<number> {
  switch (command) {
    case 'ps':
      return ps(args);
    case 'doctor':
      return doctor(args);
    case 'exec':
      return exec(args);
    case 'dap':
      return (await import('./adapter/main.js')).main(args);
    case HELPER:
      return (await import('./cli/helper.js')).helper(args);
    case '--version':
      process.stdout.write(`pylatch ${version()}\n`);
      return 0;
    case '--help':
    case '-h':
      process.stdout.write(USAGE);
      return 0;
    default:
      throw new UsageError(
        command === undefined ? 'a command is missing' : `there is no command "${command}"`,
      );
  }
}

function version(): string {
  const manifest = JSON.parse(readFileSync(join(__dirname, '..', 'package.json'), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}

function complain(error: unknown): number {
  if (error instanceof UsageError) {
    process.stderr.write(`pylatch: ${error.message}\n\n${USAGE}`);
    return 2;
  }
  const { text, fix } = asPylatchError(error);
  process.stderr.write(printable(`pylatch: ${text}\n${fix === undefined ? '' : `${fix}\n`}`));
  return 1;
}

// "pylatch ps | head" closes our output before we are done.
process.stdout.on('error', () => process.exit(0));
void main(process.argv.slice(2))
  .catch(complain)
  .then((code) => (process.exitCode = code));
