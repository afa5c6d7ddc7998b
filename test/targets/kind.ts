import { execFile, spawn } from 'node:child_process';
import type { StdioOptions } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ErrorId } from '../../src/common/errors';
import type { Interpreter } from '../support/targets';
import { Target } from '../support/targets';

const run = promisify(execFile);

/** One row of the table: a kind of target, and what is to come of an attach to it. */
export interface Kind {
  /** As the table names it, in Markdown; unique. */
  name: string;
  /**
   * Starts one that is ready for the attach.
   * @throws Unavailable when this machine cannot offer the kind
   */
  start(python: Interpreter): Promise<Running>;
  /** `attached`, or the id of the refusal. */
  expect: 'attached' | ErrorId;
  /** Why the attach may take longer than the limit, in a few words for the table. */
  slow?: string;
  /** Limit for the attach, where the kind is to run into it. */
  timeoutMs?: number;
}

/** A target of some kind, as the checks need it. */
export interface Running {
  readonly pid: number;
  /** What it has printed so far. */
  output(): string;
  alive(): boolean;
  /** Lets the target come to its own end. Rejects unless that is the end it would have come to without us. */
  finish?(): Promise<void>;
  /** Ends everything that was started and removes its files. */
  stop(): Promise<void>;
  /** What is this run's own in the text of a refusal, and the word that stands for it in the table. */
  own?: Record<string, string>;
}

/** This machine cannot offer the kind; the message says why, and the row is skipped with it. */
export class Unavailable extends Error {}

/** Runs until it gets a line, with short waits between steps of Python. */
export const LOOP = `
import select
print('ready', flush=True)
while not select.select([0], [], [], 0.01)[0]:
    pass
print('done', flush=True)
`;

/** Runs code all the time until it gets a line. */
export const BUSY = `
import select
print('ready', flush=True)
n = 0
while True:
    n += 1
    if n % 1_000_000 == 0 and select.select([0], [], [], 0)[0]:
        break
print('done', flush=True)
`;

export interface LaunchOptions {
  env?: NodeJS.ProcessEnv | undefined;
  cwd?: string;
  uid?: number;
  stdio?: StdioOptions;
}

/** A folder for the files of one target; `launch` hands it to the target, whose `stop` removes it. */
export function makeFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'target-'));
}

/** Starts a program; resolves when the process exists. */
export async function launch(
  [command = '', ...args]: string[],
  folder: string,
  { env, stdio = 'pipe', uid, ...options }: LaunchOptions = {},
): Promise<Target> {
  const rights = uid === undefined ? {} : { uid, gid: uid };
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio, ...options, ...rights });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  child.stdin?.on('error', () => undefined);
  return new Target(child, join(folder, 'target.py'), folder);
}

/** A target that prints `ready`, and `done` as its last word when it gets a line. */
export function ready(target: Target, own: Record<string, string> = {}): Running {
  return {
    pid: target.pid,
    output: () => target.output(),
    alive: () => target.alive(),
    stop: () => target.stop(),
    own,
    finish: async () => {
      target.write('\n');
      await target.waitForExit();
      const expected = 'exit 0: ready\ndone\n';
      const actual = `exit ${target.exit}: ${target.output()}`;
      if (actual !== expected) throw new Error(`the target ended otherwise than alone:\n${actual}`);
    },
  };
}

/** A kind that is a Python program under certain circumstances. */
export interface Program {
  name: string;
  expect?: Kind['expect'];
  slow?: string;
  timeoutMs?: number;
  /** Prints `ready` when it is. By default {@link LOOP}. */
  source?: string;
  /** The program never ends by itself: nothing is asked of its end. */
  endless?: boolean;
  /** Options of the interpreter. */
  args?: string[];
  env?: NodeJS.ProcessEnv;
  /** The whole command line instead of `python -u ARGS FILE`. */
  command?(python: Interpreter, file: string, folder: string): Promise<string[]> | string[];
  /** Runs once the target is ready. */
  then?(target: Target, folder: string): Promise<void>;
}

/** Makes the kind of a program. */
export function program({ name, expect = 'attached', slow, timeoutMs, ...spec }: Program): Kind {
  return {
    name,
    expect,
    ...(slow === undefined ? {} : { slow }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    start: (python) => startProgram(spec, python),
  };
}

async function startProgram(spec: Omit<Program, 'name'>, python: Interpreter): Promise<Running> {
  const folder = await makeFolder();
  let target: Target | undefined;
  try {
    target = await launchProgram(spec, python, folder);
    await target.waitFor('ready\n');
    await spec.then?.(target, folder);
  } catch (error) {
    await target?.stop();
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  const { finish, ...rest } = ready(target, { [target.file]: 'FILE' });
  return spec.endless || finish === undefined ? rest : { ...rest, finish };
}

async function launchProgram(
  { source = LOOP, args = [], env, command }: Omit<Program, 'name'>,
  python: Interpreter,
  folder: string,
): Promise<Target> {
  const file = join(folder, 'target.py');
  await writeFile(file, source);
  const usual = [python.path, '-u', ...args, file];
  return launch((await command?.(python, file, folder)) ?? usual, folder, { env });
}

/** What a short program prints under an interpreter. */
export async function ask(python: string, source: string): Promise<string> {
  return (await run(python, ['-I', '-c', source])).stdout.trim();
}
