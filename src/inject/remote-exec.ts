/**
 * The way into a Python whose structures nobody has measured: its own program, started a second time, knows them
 * and runs `sys.remote_exec`. That takes no thread; the main thread of the newest interpreter gets the request.
 */
import { execFile } from 'node:child_process';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { PylatchError } from '../common/errors';
import { disturbance, sparedFor, waiting } from './candidates';
import { unknownLayout } from './offsets';
import type { OwnProgram } from './os/index';
import { endedError, switchedOff } from './refusals';
import { endedOr, hasEnded } from './target';
import type { UnknownTarget } from './target';
import { checkLimits } from './wake';
import type { RunOptions } from './wake';

const run = promisify(execFile);

const PROGRAM = `
import sys
try:
    sys.remote_exec(int(sys.argv[1]), sys.argv[2])
except BaseException as error:
    print(type(error).__name__, error, sep='\\n')
`;
/** A program that embeds Python would take the arguments for its own. */
const INTERPRETER = /^python[\d.]*[dt]*(\.exe)?$/;
/** The script that exists everywhere and does nothing. */
const NOTHING = '/dev/null';
/** Without that sign nobody could say whether a request is still to be taken back. */
const UNTOLD = 'the file system of its temporary folder does not tell when a file was read (noatime)';
const ASK_LIMIT_MS = 5000;
const ROUND_MS = 10;
const POLL_MS = 1;

/**
 * Runs the script in the target's main thread.
 * @throws PylatchError `python-unknown` where its `sys.remote_exec` does not serve, `remote-debug-disabled`,
 *   `no-such-thread`, `no-permission`, `attach-timeout`, `attach-cancelled`, `target-ended`
 */
export async function runByRemoteExec(
  target: UnknownTarget,
  options: RunOptions,
): Promise<{ nativeId: number }> {
  const program = ownInterpreter(target);
  if (options.wasRead() === undefined) throw unknownLayout(target.version, UNTOLD);
  try {
    await ask(target, program, options);
    options.onNews('arm');
    await untilRead(target, options);
    return { nativeId: target.process.ownPid };
  } catch (error) {
    if (!hasEnded(target)) await takeBack(target, program);
    throw endedOr(target, error);
  }
}

/**
 * How to start a second copy of the target's interpreter.
 * @throws PylatchError `python-unknown` with the reason why that cannot be done
 */
export function ownInterpreter({ os, status, version }: UnknownTarget): OwnProgram {
  const program = os.ownProgram?.(status) ?? 'on this system Pylatch has no way to start it';
  if (typeof program === 'string') throw unknownLayout(version, program);
  const name = basename(program.path);
  if (INTERPRETER.test(name)) return program;
  throw unknownLayout(version, `its program ${name} embeds Python and is no interpreter that could be asked`);
}

/** Has the target asked to run that script. What it was asked for before, and has not begun, is forgotten then. */
async function ask(
  target: UnknownTarget,
  { file, args, env, uid, gid }: OwnProgram,
  options: Pick<RunOptions, 'path' | 'deadline' | 'timeoutMs' | 'signal'>,
): Promise<void> {
  const { pid, ownPid } = target.process;
  const timeout = Math.ceil(Math.max(1, Math.min(ASK_LIMIT_MS, options.deadline - performance.now())));
  const words = [...args, '-I', '-S', '-c', PROGRAM, `${args.length > 0 ? ownPid : pid}`, options.path];
  const answer = await run(file, words, {
    cwd: '/',
    env,
    timeout,
    killSignal: 'SIGKILL',
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  }).catch((error: unknown) => {
    checkLimits(pid, options, () => 'a second copy of it did not answer');
    throw unknownLayout(target.version, notAnswered(error));
  });
  const [type = '', message = ''] = answer.stdout.trim().split('\n');
  if (type !== '') throw translated(target, type, message);
}

function notAnswered(error: unknown): string {
  const { killed, stderr, code } = error as { killed?: boolean; stderr?: string; code?: string | number };
  if (killed === true) return `it gave no answer in ${ASK_LIMIT_MS / 1000} s`;
  const said = stderr?.trim().split('\n').at(-1) ?? '';
  return `it could not be started (${said === '' ? code : said})`;
}

/** The words of CPython's Python/remote_debugging.c and Python/sysmodule.c. */
function translated(
  { process: { pid }, version }: UnknownTarget,
  type: string,
  message: string,
): PylatchError {
  if (message.includes('not enabled in the remote process')) return switchedOff(pid);
  if (message.includes("Can't find the main thread")) {
    return new PylatchError(
      'no-such-thread',
      `Process ${pid} has no main thread that could take the request.`,
      'Attach while its main program runs and no subinterpreter is idle, or install a newer release of Pylatch.',
    );
  }
  // It runs as the target's user even where we are root, and to that user Yama may refuse it.
  if (type === 'PermissionError') {
    return new PylatchError(
      'no-permission',
      `A second copy of its program may not debug process ${pid}: ${message}.`,
      'Run "sudo sysctl kernel.yama.ptrace_scope=0", or install a newer release of Pylatch.',
    );
  }
  return unknownLayout(version, `${type}: ${message}`);
}

async function untilRead(target: UnknownTarget, options: RunOptions): Promise<void> {
  const { pid, ownPid } = target.process;
  // No other thread is asked.
  const spared = performance.now() + sparedFor([]);
  let disturbed = false;
  let lastNews = '';
  for (;;) {
    if (hasEnded(target)) throw endedError(pid);
    const activity = target.process.activity(ownPid);
    const news = activity === undefined ? 'its main thread has ended' : waiting(ownPid, activity);
    // A wait whose end the program may notice is ended once, and not without a word.
    if (activity?.kind === 'delicate' && !disturbed && performance.now() > spared) {
      disturbed = nudge(target);
      if (disturbed) options.onNews('notice', disturbance(ownPid, activity));
    } else if (activity?.kind === 'waiting' || activity?.kind === 'unknown') nudge(target);
    if (await wasReadSoon(pid, options, news)) return;
    if (news !== lastNews) options.onNews('wake', news);
    lastNews = news;
  }
}

/** A wait for a lock cannot be ended like this: that takes knowledge of the structures. */
function nudge({ process }: UnknownTarget): boolean {
  return process.interrupt(process.ownPid, () => undefined) === 'interrupted';
}

/** Polls for the time of one round. */
async function wasReadSoon(pid: number, options: RunOptions, whereabouts: string): Promise<boolean> {
  const until = performance.now() + ROUND_MS;
  do {
    if (options.wasRead() === true) return true;
    checkLimits(pid, options, () => whereabouts);
    await delay(POLL_MS);
  } while (performance.now() < until);
  return false;
}

/** There is no way to empty the request, but one to put another in its place. */
async function takeBack(target: UnknownTarget, program: OwnProgram): Promise<void> {
  const limits = { deadline: performance.now() + ASK_LIMIT_MS, timeoutMs: ASK_LIMIT_MS, signal: undefined };
  // Where it fails, the first request has failed for the same reason, and there is nothing to take back.
  await ask(target, program, { path: NOTHING, ...limits }).catch(() => undefined);
}
