/** Opens a process for an attach and answers all the "can we?" questions; nothing here changes the target. */
import { setTimeout as delay } from 'node:timers/promises';
import { PylatchError } from '../common/errors';
import { requestOf } from './arm';
import { LAYOUTS, unknownLayout } from './offsets';
import type { PythonVersion } from './offsets';
import { targetOs } from './os/index';
import type { ProcessStatus, TargetOs, TargetProcess, ThreadActivity } from './os/index';
import { endedError, mainThreadOnly, notPython, noThread, suspended, switchedOff, tooOld } from './refusals';
import { ending, findPython, lifeStage, notReady, walkInterpreter } from './runtime';
import type { Interpreter, PythonThread, Runtime } from './runtime';
import type { ThreadChoice } from './types';

/** Also on a busy machine, Python has started by then; a program that embeds it may start it much later. */
const START_LIMIT_MS = 1000;
const POLL_MS = 2;

/** A process that is open for an attach. Close its `process`. */
interface OpenProcess {
  os: TargetOs;
  status: ProcessStatus;
  process: TargetProcess;
}

/** A Python process whose structures are known. */
export interface OpenTarget extends OpenProcess {
  runtime: Runtime;
}

/** A Python process whose structures nobody has measured: only its own `sys.remote_exec` can ask it. */
export interface UnknownTarget extends OpenProcess {
  version: PythonVersion;
}

/** One thread of the main interpreter, and what it does at this moment. */
export interface ThreadInfo {
  nativeId: number;
  /** What `threading.get_ident` returns in it, in decimal. */
  ident: string;
  main: boolean;
  /** Somebody has asked it to run a script, and it has not come by yet. */
  scriptPending: boolean;
  activity: ThreadActivity;
}

/** What can be seen of a Python process from outside. */
export interface TargetInfo {
  pid: number;
  /** For example `3.14.10`. */
  version: string;
  /** Built without the global interpreter lock. */
  freeThreaded: boolean;
  /** Built with CPython's own assertions (a `d` at the end of the program's or library's name). */
  debugBuild: boolean;
  /** The program file that holds the interpreter. */
  image: string;
  interpreterAddress: number;
  /** The target's own switch (`-X disable-remote-debug` and its variable turn it off). */
  remoteDebugEnabled: boolean;
  threads: ThreadInfo[];
}

/**
 * Looks at a process without touching it.
 * @throws PylatchError when it is not a Python that Pylatch can read
 */
export async function inspect(pid: number): Promise<TargetInfo> {
  const target = await openTarget(pid);
  try {
    const interpreter = walkInterpreter(target.process, target.runtime);
    return describe(target, interpreter);
  } finally {
    target.process.close();
  }
}

function describe({ process, runtime }: OpenTarget, interpreter: Interpreter): TargetInfo {
  return {
    pid: process.pid,
    version: runtime.offsets.version.text,
    freeThreaded: runtime.offsets.freeThreaded,
    debugBuild: isDebugBuild(runtime),
    image: runtime.image,
    interpreterAddress: interpreter.address,
    remoteDebugEnabled: interpreter.remoteDebugEnabled,
    threads: interpreter.threads.flatMap((thread): ThreadInfo[] => {
      const activity = activityOf(process, thread);
      if (activity === undefined) return [];
      return [
        {
          nativeId: thread.nativeId,
          ident: String(thread.ident),
          main: isMain(thread, interpreter, process),
          scriptPending: requestOf(process, runtime.offsets, thread).pending,
          activity,
        },
      ];
    }),
  };
}

/** Debug builds are known by the `d` in their file's name: `python3.14d`, `libpython3.14td.so.1.0`, `python314_d.dll`. */
export function isDebugBuild({ image }: Runtime): boolean {
  return /\dt?d(\.so[.\d]*)?( \(deleted\))?$/.test(image) || /_d\.(exe|dll)$/i.test(image);
}

/** What the thread does; undefined when it has ended. */
export function activityOf(
  process: TargetProcess,
  { nativeId, away }: PythonThread,
): ThreadActivity | undefined {
  const activity = process.activity(nativeId);
  return activity && away ? { kind: 'stuck', what: 'is inside a subinterpreter' } : activity;
}

/** True for the runtime's recorded main thread or, where it has none, for the process's first. */
export function isMain(
  thread: PythonThread,
  { mainThread }: Interpreter,
  { ownPid, firstThread = ownPid }: TargetProcess,
): boolean {
  return mainThread === 0 ? thread.nativeId === firstThread : thread.address === mainThread;
}

/**
 * Opens a process and finds a Python in it whose structures are known.
 * @throws PylatchError `python-unknown`, and as `openAnyTarget` does
 */
export async function openTarget(pid: number): Promise<OpenTarget> {
  const target = await openAnyTarget(pid);
  if ('runtime' in target) return target;
  target.process.close();
  throw unknownLayout(target.version);
}

/**
 * Opens a process and finds Python in it.
 * @throws PylatchError `no-such-process`, `no-permission`, `not-python`, `python-too-old`
 */
export async function openAnyTarget(pid: number, layouts = LAYOUTS): Promise<OpenTarget | UnknownTarget> {
  const os = targetOs();
  const status = livingProcess(os, pid);
  os.checkAccess(status);
  const process = await os.open(pid);
  try {
    const opened = { os, status, process };
    const python = supportedPython(process, layouts);
    return 'runtime' in python
      ? { ...opened, runtime: python.runtime }
      : { ...opened, version: python.unknown };
  } catch (error) {
    process.close();
    throw endedOr({ os, status }, error);
  }
}

/**
 * The process with that pid.
 * @throws PylatchError `no-such-process` for none, for one that has ended and for the number of a thread
 */
export function livingProcess(os: TargetOs, pid: number): ProcessStatus {
  const status = Number.isInteger(pid) && pid > 0 ? os.status(pid) : undefined;
  if (status === undefined) {
    const fix = ['Choose one from the list of Python processes.', os.outOfSight()];
    const text = `There is no process ${pid}.`;
    throw new PylatchError('no-such-process', text, fix.filter((part) => part !== undefined).join(' '));
  }
  if (status.state === 'ended') {
    throw new PylatchError(
      'no-such-process',
      `Process ${pid} has already ended.`,
      'Choose one from the list of Python processes.',
    );
  }
  if (status.owner !== pid) {
    throw new PylatchError(
      'no-such-process',
      `${pid} is a thread of process ${status.owner}, not a process.`,
      `Attach to ${status.owner}, with "thread": ${pid} if that thread matters.`,
    );
  }
  return status;
}

function supportedPython(
  process: TargetProcess,
  layouts: typeof LAYOUTS,
): { runtime: Runtime } | { unknown: PythonVersion } {
  const found = findPython(process, layouts);
  if (found === undefined) throw notPython(process.pid);
  if (!('version' in found)) return found;
  throw tooOld(process.pid, found.version);
}

/** True from the end of the process on, also when its pid is used again. */
export function hasEnded({ os, status }: Pick<OpenTarget, 'os' | 'status'>): boolean {
  const now = os.status(status.pid);
  return now === undefined || now.state === 'ended' || now.startId !== status.startId;
}

/** The error itself or, where its cause is that the process has ended meanwhile, one that says so. */
export function endedOr(target: Pick<OpenTarget, 'os' | 'status'>, error: unknown): unknown {
  return hasEnded(target) ? endedError(target.status.pid) : error;
}

/**
 * A program that was started just now gets the time that Python needs to start. One of unknown structure gets it
 * anyhow: the second copy of it that asks has to start first.
 */
export async function awaitStart(target: OpenTarget | UnknownTarget, deadline: number): Promise<void> {
  if (!('runtime' in target)) return;
  const limit = Math.min(deadline, performance.now() + START_LIMIT_MS);
  const starts = (): boolean => lifeStage(target.process, target.runtime) === 'starting';
  while (starts() && performance.now() < limit && !hasEnded(target)) await delay(POLL_MS);
}

/**
 * The remaining questions: is it allowed, can it run now, is the wanted thread there?
 * @throws PylatchError `remote-debug-disabled`, `interpreter-not-ready`, `no-such-thread`
 */
export function preflight(target: OpenTarget | UnknownTarget, choice: ThreadChoice): void {
  const [first] = refusals(target, choice);
  if (first !== undefined) throw first;
}

/** Everything that `preflight` would complain about, the gravest first. */
export function refusals(target: OpenTarget | UnknownTarget, choice: ThreadChoice): PylatchError[] {
  if (!('runtime' in target)) return unknownRefusals(target, choice);
  const { pid } = target.process;
  const stage = lifeStage(target.process, target.runtime);
  if (stage !== 'ready') return [stage === 'starting' ? notReady('has not started yet') : ending()];
  const interpreter = walkInterpreter(target.process, target.runtime);
  return [
    interpreter.remoteDebugEnabled ? undefined : switchedOff(pid),
    target.status.state === 'stopped' ? suspended(pid) : undefined,
    eligible(interpreter, target.process, choice).length > 0 ? undefined : noThread(pid, interpreter, choice),
  ].filter((error) => error !== undefined);
}

function unknownRefusals({ process, status, version }: UnknownTarget, choice: ThreadChoice): PylatchError[] {
  if (status.state === 'stopped') return [suspended(process.pid)];
  if (choice === 'any' || choice === 'main' || choice === process.ownPid) return [];
  return [mainThreadOnly(version)];
}

/** The threads that may take the request. */
export function eligible(
  interpreter: Interpreter,
  process: TargetProcess,
  choice: ThreadChoice,
): PythonThread[] {
  if (choice === 'any') return interpreter.threads;
  if (choice === 'main') return interpreter.threads.filter((thread) => isMain(thread, interpreter, process));
  return interpreter.threads.filter((thread) => thread.nativeId === choice);
}
