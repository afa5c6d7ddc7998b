/** Finds the processes that run Python, and describes them. */
import { compact } from '../../common/compact';
import { withImageFile } from '../image/bytes';
import { pythonInFile, versionByName } from '../python-file';
import type { Finding } from '../types';
import { expectedRefusal, isPartOfMacos } from './darwin-access';
import { isPythonLibrary } from './darwin-images';
import { darwinStatus, fileRegions, startedAt, startInfo, usage, workingFolder } from './darwin-info';
import type { DarwinNative } from './darwin-native';
import { verdictOf } from './program-verdict';
import type { Verdict } from './program-verdict';
import type { ProcessEntry, ProcessStatus, ThreadFacts } from './types';

/** Reading an address space is dear: of a program's many processes so many are looked at in one listing. */
const SAMPLE = 4;
const PYTHON_NAME = /^(?:Python|(?:python|pypy)(?:(\d\.\d+)|\d)?[dt]*)$/;

/** See `TargetOs.pythonProcesses`. */
export function darwinPythonProcesses(native: DarwinNative): ProcessEntry[] {
  const sampled = new Map<Verdict, number>();
  return native.pids().flatMap((pid) => {
    if (pid === 0 || pid === process.pid) return [];
    const python = judge(native, pid, sampled);
    const status = python && darwinStatus(native, pid);
    return status === undefined || status.state === 'ended' ? [] : [entryOf(native, status, python?.version)];
  });
}

/** See `TargetOs.describe`. */
export function describeDarwinProcess(
  native: DarwinNative,
  status: ProcessStatus,
  threads: ReadonlyMap<number, ThreadFacts>,
) {
  const version = judge(native, status.pid, new Map())?.version;
  return { entry: entryOf(native, status, version), findings: [], servesSession: false, threads };
}

/** Undefined for a process without Python. */
function judge(
  native: DarwinNative,
  pid: number,
  sampled: Map<Verdict, number>,
): Pick<Verdict, 'version'> | undefined {
  const path = native.path(pid);
  if (path === undefined) return undefined;
  const verdict = verdictOf(path);
  if (verdict.python === 'is') return verdict;
  // Another user's process shows its program only.
  const named = PYTHON_NAME.exec(path.slice(path.lastIndexOf('/') + 1));
  const count = sampled.get(verdict) ?? 0;
  const knownWithout = verdict.python === 'perhaps' && count >= SAMPLE;
  if (named === null && (knownWithout || isPartOfMacos(native, pid))) return undefined;
  sampled.set(verdict, count + 1);
  const library = fileRegions(native, pid).find((region) => isPythonLibrary(region.path));
  if (library === undefined) return named === null ? undefined : { version: named[1] };
  verdict.python = 'loads';
  return { version: exactVersion(library.path) ?? versionByName(library.path) };
}

function exactVersion(path: string): string | undefined {
  return withImageFile(path, pythonInFile)?.version?.text;
}

function entryOf(native: DarwinNative, status: ProcessStatus, version: string | undefined): ProcessEntry {
  const { pid, parentPid, uid } = status;
  const started = startInfo(native, pid);
  return compact({
    ...{ pid, parentPid, uid, version, ...usage(native, pid) },
    user: native.userName(uid),
    startedAt: startedAt(status),
    executable: native.path(pid) ?? started?.executable,
    commandLine: started?.commandLine ?? [status.name],
    cwd: workingFolder(native, pid),
    notebook: started?.environment.get('JPY_SESSION_NAME'),
    suspended: status.state === 'stopped',
    switchedOff: started?.environment.has('PYTHON_DISABLE_REMOTE_DEBUG') === true,
    refusal: expectedRefusal(native, status),
    findings: rightsFinding(),
  });
}

/** Asking the kernel may make macOS ask the user for a password, which a list must not do. */
function rightsFinding(): Finding[] {
  if (process.geteuid?.() === 0) return [];
  return [
    {
      id: 'debug-rights',
      severity: 'warning',
      what: 'macOS mostly lets only root attach.',
      why: 'Others need a debugger that Apple has certified; an attach tells whether this is one.',
      fix: 'If the attach is refused, run Pylatch as root (sudo).',
    },
  ];
}
