/** Finds the processes that run Python, and describes them. */
import { compact } from '../../common/compact';
import { versionByName } from '../python-file';
import { verdictOf } from './program-verdict';
import type { Verdict } from './program-verdict';
import { debugging, looking } from './windows-access';
import { commandLineOf, splitCommandLine, startParameters } from './windows-block';
import { isPythonLibrary, loadedModules } from './windows-images';
import { windowsNative } from './windows-native';
import type { WindowsNative } from './windows-native';
import { parseSystemProcesses, unixMs } from './windows-system';
import type { SystemProcess } from './windows-system';
import { isSuspended, threadFacts } from './windows-threads';
import { userOf } from './windows-users';
import type { Finding } from '../types';
import type { ProcessDescription, ProcessEntry, ProcessStatus } from './types';

/** Taking the list of a process's libraries is dear: of a program's many processes so many are asked in one listing. */
const SAMPLE = 2;
/** The programs of Windows itself, which make up most of the processes, run no Python. */
const OWN_PROGRAMS = `${process.env['SystemRoot'] ?? 'C:\\Windows'}\\`.toLowerCase();
const PYTHON_NAME = /^(?:python|pypy)w?(?:\d[\d.]*)?[t_d]*\.exe$/i;
const NOBODY = -1;
const MAX_PID = 0xffffffff;
const BASIC_INFORMATION = 0;

/** See `TargetOs.status`. */
export function windowsStatus(pid: number): ProcessStatus | undefined {
  if (pid > MAX_PID) return undefined;
  const native = windowsNative();
  const seen = looking(native, pid, (handle): ProcessStatus | undefined => {
    const [times, parent] = [Buffer.alloc(32), Buffer.alloc(48)];
    if (!native.processTimes(handle, times)) return undefined;
    native.queryProcess(handle, BASIC_INFORMATION, parent);
    return status(pid, {
      parentPid: Number(parent.readBigUInt64LE(40)),
      name: fileName(native.imagePath(handle) ?? ''),
      // A process that has ended stays as long as somebody has it open.
      state: times.readBigUInt64LE(8) === 0n ? 'alive' : 'ended',
      startId: String(times.readBigUInt64LE(0)),
    });
  });
  return seen ?? hiddenStatus(native, pid);
}

function status(
  pid: number,
  known: Pick<ProcessStatus, 'parentPid' | 'name' | 'state' | 'startId'>,
  owner = pid,
): ProcessStatus {
  return { pid, ...known, uid: NOBODY, effectiveUid: NOBODY, effectiveGid: NOBODY, owner };
}

/** A process that nobody may open still stands in the system's list; so do threads, whose numbers are of the same kind. */
function hiddenStatus(native: WindowsNative, pid: number): ProcessStatus | undefined {
  for (const one of systemProcesses(native)) {
    if (one.pid !== pid && !one.threads.some(({ tid }) => tid === pid)) continue;
    const { parentPid, name, createdAt } = one;
    return status(pid, { parentPid, name, state: 'alive', startId: String(createdAt) }, one.pid);
  }
  return undefined;
}

/** See `TargetOs.pythonProcesses`. */
export function windowsPythonProcesses(): ProcessEntry[] {
  const native = windowsNative();
  const sampled = new Map<Verdict, number>();
  const found: ProcessEntry[] = [];
  for (const one of systemProcesses(native)) {
    if (one.pid === 0 || one.pid === process.pid) continue;
    const verdict = judge(native, one, sampled);
    if (verdict !== undefined) found.push(entryOf(native, one, verdict.version));
  }
  return found;
}

/** See `TargetOs.describe`. */
export function describeWindowsProcess({ pid }: ProcessStatus): ProcessDescription | undefined {
  const native = windowsNative();
  const one = systemProcesses(native).find((each) => each.pid === pid);
  if (one === undefined) return undefined;
  const version = judge(native, one, new Map())?.version;
  return {
    entry: entryOf(native, one, version),
    findings: [],
    servesSession: false,
    threads: threadFacts(native, one),
  };
}

function systemProcesses(native: WindowsNative): SystemProcess[] {
  const { bytes, address } = native.systemProcesses();
  return parseSystemProcesses(bytes, address);
}

/** Undefined for a process without Python. */
function judge(
  native: WindowsNative,
  one: SystemProcess,
  sampled: Map<Verdict, number>,
): Pick<Verdict, 'version'> | undefined {
  const path = looking(native, one.pid, (handle) => native.imagePath(handle));
  if (path === undefined) return PYTHON_NAME.test(one.name) ? {} : undefined;
  if (path.toLowerCase().startsWith(OWN_PROGRAMS)) return undefined;
  const verdict = verdictOf(path);
  if (verdict.python === 'is') return verdict;
  const count = sampled.get(verdict) ?? 0;
  if (verdict.python === 'perhaps' && count >= SAMPLE) return undefined;
  sampled.set(verdict, count + 1);
  const library = loadedModules(native, one.pid).find((module) => isPythonLibrary(module.path));
  if (library !== undefined) {
    verdict.python = 'loads';
    return { version: verdictOf(library.path).version ?? versionByName(library.path) };
  }
  return PYTHON_NAME.test(one.name) ? {} : undefined;
}

function entryOf(native: WindowsNative, one: SystemProcess, version: string | undefined): ProcessEntry {
  const { pid, parentPid, cpuMs, memoryBytes, createdAt } = one;
  const opened = debugging(native, pid, (handle) => startParameters(native, handle));
  const [started, refusal] = 'value' in opened ? [opened.value] : [undefined, opened.refusal];
  const seen = looking(native, pid, (handle) => ({
    executable: native.imagePath(handle),
    user: userOf(native, handle)?.name,
    commandLine: started?.commandLine ?? commandLineOf(native, handle),
  }));
  const { environment, cwd } = started ?? {};
  return compact({
    ...{ pid, parentPid, cpuMs, memoryBytes, version, refusal, cwd },
    executable: seen?.executable,
    uid: NOBODY,
    user: seen?.user ?? '?',
    startedAt: unixMs(createdAt),
    commandLine: splitCommandLine(seen?.commandLine ?? one.name),
    notebook: environment?.get('JPY_SESSION_NAME'),
    // The finding says it in the words of Windows.
    suspended: false,
    switchedOff: environment?.has('PYTHON_DISABLE_REMOTE_DEBUG') === true,
    findings: isSuspended(one) ? [suspended(pid)] : [],
  });
}

function suspended(pid: number): Finding {
  return {
    id: 'interpreter-not-ready',
    severity: 'refusal',
    what: `Process ${pid} is suspended, so nothing can run in it.`,
    fix: 'Resume it with the tool that suspended it, for example the Resource Monitor.',
  };
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf('\\') + 1);
}
