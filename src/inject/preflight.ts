/** Answers "can it be attached to, and if not, why?" as data. It only looks: the process does not notice. */
import { asPylatchError } from '../common/errors';
import { requestOf } from './arm';
import { candidatesFor, isPrompt, sparedFor } from './candidates';
import type { Candidate } from './candidates';
import { arranged, isAttachable, toFinding } from './findings';
import { targetOs } from './os/index';
import type { ActivityKind, ThreadFacts } from './os/index';
import { listPythonProcesses, toMember, untested } from './processes';
import { ownInterpreter } from './remote-exec';
import { walkInterpreter } from './runtime';
import type { Interpreter, Runtime } from './runtime';
import { alreadyAttached, endedError } from './refusals';
import { activityOf, isDebugBuild, isMain, livingProcess, openAnyTarget, refusals } from './target';
import type { OpenTarget, UnknownTarget } from './target';
import type { Diagnosis, Finding, PythonProcess, ThreadReport } from './types';

/** What a look into the memory has shown. */
type Inside = Pick<Diagnosis, 'python' | 'threads' | 'taker'> & { findings: Finding[] };

/** Why the others do not take a request at once. */
const SLOW: Partial<Record<ActivityKind, string>> = {
  lock: 'Python does not look for requests while a thread that is not the main one waits for a lock.',
  stuck: 'Nothing of ours can run in it before that is over.',
  stopped: 'A stopped thread runs nothing.',
};

/**
 * Examines a process as an attach would, without touching it.
 * @throws PylatchError `no-such-process`, `target-ended`: there is nothing to examine
 */
export async function diagnose(pid: number): Promise<Diagnosis> {
  const os = targetOs();
  const description = os.describe(livingProcess(os, pid));
  if (description === undefined) throw await goneError(pid);
  const { entry, servesSession } = description;
  const listed = toMember(entry).process;
  const { findings: seen, ...inside } = await lookInside(pid, description.threads);
  const findings = arranged([
    ...(servesSession ? [toFinding(alreadyAttached())] : []),
    ...seen,
    // The memory knows better than a command line what the program has been started with.
    ...(inside.python ? entry.findings : listed.findings),
    ...description.findings,
  ]);
  const version = inside.python?.version ?? listed.version;
  const process = {
    ...listed,
    label: await familyLabel(listed),
    attachable: isAttachable(findings),
    findings,
  };
  return { process: version === undefined ? process : { ...process, version }, ...inside };
}

/** A kernel thread has no program that could be described; anything else has ended meanwhile. */
async function goneError(pid: number): Promise<unknown> {
  try {
    (await openAnyTarget(pid)).process.close();
    return endedError(pid);
  } catch (error) {
    return error;
  }
}

/** A worker is named after the program that it works for, which only the list of all knows. */
async function familyLabel({ pid, label }: PythonProcess): Promise<string> {
  return (await listPythonProcesses()).find((one) => one.pid === pid)?.label ?? label;
}

async function lookInside(pid: number, facts: ReadonlyMap<number, ThreadFacts>): Promise<Inside> {
  try {
    const target = await openAnyTarget(pid);
    try {
      return 'runtime' in target ? describe(target, facts) : describeUnknown(target);
    } finally {
      target.process.close();
    }
  } catch (error) {
    return { threads: [], findings: [toFinding(asPylatchError(error))] };
  }
}

function describeUnknown(target: UnknownTarget): Inside {
  ownInterpreter(target);
  return {
    threads: [],
    findings: [...refusals(target, 'any').map(toFinding), untested(target.version.text)],
  };
}

function describe(target: OpenTarget, facts: ReadonlyMap<number, ThreadFacts>): Inside {
  const python = pythonOf(target.runtime);
  const findings = [...refusals(target, 'any').map(toFinding), ...buildFindings(python)];
  // An interpreter that starts or ends has no threads to speak of.
  if (findings.some(({ id }) => id === 'interpreter-not-ready')) return { python, threads: [], findings };
  const interpreter = walkInterpreter(target.process, target.runtime);
  const candidates = candidatesFor(target, interpreter, 'any');
  const taker = takerOf(candidates);
  return {
    python,
    threads: threadReports(target, interpreter, facts),
    ...(taker ? { taker: taker.thread.nativeId } : {}),
    findings: [...findings, ...takerFinding(taker, candidates), ...pendingFinding(target, interpreter)],
  };
}

function pythonOf(runtime: Runtime): NonNullable<Diagnosis['python']> {
  const { version, freeThreaded } = runtime.offsets;
  return { version: version.text, freeThreaded, debugBuild: isDebugBuild(runtime), image: runtime.image };
}

function threadReports(
  { process }: OpenTarget,
  interpreter: Interpreter,
  facts: ReadonlyMap<number, ThreadFacts>,
): ThreadReport[] {
  return interpreter.threads.flatMap((thread): ThreadReport[] => {
    const activity = activityOf(process, thread);
    if (activity === undefined) return [];
    const { name, idleMs } = facts.get(thread.nativeId) ?? {};
    return [
      {
        nativeId: thread.nativeId,
        main: isMain(thread, interpreter, process),
        ...(name === undefined ? {} : { name }),
        doing: activity.what,
        ...(idleMs === undefined || activity.kind === 'running' ? {} : { forMs: idleMs }),
      },
    ];
  });
}

function buildFindings({ freeThreaded, debugBuild }: NonNullable<Diagnosis['python']>): Finding[] {
  const note = (id: string, what: string): Finding => ({ id, severity: 'note', what });
  return [
    ...(freeThreaded
      ? [note('free-threaded', 'Its Python is a free-threaded build (without the global interpreter lock).')]
      : []),
    ...(debugBuild ? [note('debug-build', 'Its Python is a debug build of CPython, with assertions.')] : []),
  ];
}

/** The thread that an attach will end with; a wait that must not be seen to end is left for the last. */
function takerOf(candidates: readonly Candidate[]): Candidate | undefined {
  return (
    candidates.find(isPrompt) ??
    candidates.find(({ activity }) => activity.kind === 'delicate') ??
    candidates.at(0)
  );
}

/** That thread decides: if it keeps us waiting, all do. */
function takerFinding(taker: Candidate | undefined, candidates: readonly Candidate[]): Finding[] {
  if (taker === undefined || isPrompt(taker)) return [];
  const { thread, activity } = taker;
  const who = `thread ${thread.nativeId} ${activity.what}`;
  const spared = sparedFor(candidates.map((one) => one.activity));
  if (activity.kind === 'delicate') return [noticedFinding(who, spared, activity.effect)];
  const why = SLOW[activity.kind];
  if (why === undefined) return [];
  return [
    {
      id: 'slow-attach',
      severity: 'warning',
      what: `No thread can take the request at once; ${who}.`,
      why,
      fix: 'Attach anyway: it succeeds when a thread comes back to Python code within the time that "timeout" allows.',
    },
  ];
}

function noticedFinding(who: string, sparedMs: number, effect = 'the program may notice it'): Finding {
  return {
    id: 'noticed-attach',
    severity: 'warning',
    what: `Only one thread can let the debugger in, and its wait would be interrupted for that: ${who}.`,
    why: `It gets ${sparedMs / 1000} s to come by on its own; then ${effect}.`,
    fix: 'If that matters, attach while the program does something else.',
  };
}

function pendingFinding({ process, runtime }: OpenTarget, { threads }: Interpreter): Finding[] {
  const asked = threads.find((thread) => requestOf(process, runtime.offsets, thread).pending);
  if (asked === undefined) return [];
  return [
    {
      id: 'request-pending',
      severity: 'warning',
      what: `Thread ${asked.nativeId} has been asked to run a script already and has not come by yet.`,
      why: 'Somebody else uses sys.remote_exec, pdb -p or Pylatch on this process; a request of ours would take its place.',
      fix: 'Let the other tool finish first.',
    },
  ];
}
