/** The refusals of a process: what is wrong with it, and what to do. */
import { PylatchError } from '../common/errors';
import { SUPPORTED } from './offsets';
import type { PythonVersion } from './offsets';
import type { Interpreter } from './runtime';
import type { ThreadChoice } from './types';

/** The error of an attach whose process ends before it is done. */
export function endedError(pid: number): PylatchError {
  return new PylatchError(
    'target-ended',
    `Process ${pid} ended during the attach.`,
    'Start it again and attach to the new process.',
  );
}

/** The refusal of a process without Python. */
export function notPython(pid: number): PylatchError {
  return new PylatchError(
    'not-python',
    `Process ${pid} does not run Python.`,
    'Choose one from the list of Python processes.',
  );
}

/** The refusal of a Python without the debugger interface of PEP 768. */
export function tooOld(pid: number, version: string): PylatchError {
  return new PylatchError(
    'python-too-old',
    `Process ${pid} runs Python ${version}; Pylatch needs 3.14 or newer.`,
    `Run the program with a version that this release knows: ${SUPPORTED}.`,
  );
}

/** The refusal of a target that was started with remote debugging off. */
export function switchedOff(pid: number): PylatchError {
  return new PylatchError(
    'remote-debug-disabled',
    `Process ${pid} was started with remote debugging switched off.`,
    'Start it without -X disable-remote-debug and without PYTHON_DISABLE_REMOTE_DEBUG.',
  );
}

/** The refusal of a process in which nothing can run until it is told to go on. */
export function suspended(pid: number): PylatchError {
  return new PylatchError(
    'interpreter-not-ready',
    `Process ${pid} is suspended (Ctrl+Z or SIGSTOP), so nothing can run in it.`,
    `Let it go on with "fg" or "kill -CONT ${pid}".`,
  );
}

/** The refusal of a process that another session holds. */
export function alreadyAttached(): PylatchError {
  return new PylatchError(
    'already-attached',
    'Another Pylatch session is attached to this process.',
    'End the other session first, or wait a moment until it has let go.',
  );
}

/** The refusal of a thread that the process does not have. */
export function noThread(pid: number, { threads }: Interpreter, choice: ThreadChoice): PylatchError {
  const ids = threads.map((thread) => thread.nativeId).join(', ');
  return new PylatchError(
    'no-such-thread',
    choice === 'main' || choice === 'any'
      ? `Process ${pid} has no Python thread that could run the request.`
      : `Process ${pid} has no Python thread ${choice}.`,
    ids === '' ? 'Try again in a moment.' : `Its Python threads are ${ids}.`,
  );
}

/** The refusal of another thread than the main one, in a Python of unknown structure. */
export function mainThreadOnly({ text }: PythonVersion): PylatchError {
  return new PylatchError(
    'no-such-thread',
    `This release of Pylatch does not know Python ${text}: in it, it can ask the main thread only.`,
    'Leave out "thread", or install a newer release of Pylatch.',
  );
}
