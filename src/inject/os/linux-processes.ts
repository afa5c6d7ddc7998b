/**
 * Finds the processes that run Python. Cheap by asking little of most of them: one look at the program file's
 * identity, and what is known of that file.
 */
import { readdirSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { compact } from '../../common/compact';
import { withImageFile } from '../image/bytes';
import { pythonInFile, pythonInStrippedFile } from '../python-file';
import { accessRefusal, mayAccess } from './linux-access';
import { containerName, foreignContainer } from './linux-container';
import { statusFindings } from './linux-findings';
import {
  commandLine,
  decoded,
  parseStatus,
  processText,
  procLink,
  procText,
  statFields,
  statusField,
  systemText,
  variable,
} from './linux-proc';
import type { ProcessText } from './linux-proc';
import { userName } from './linux-users';
import type { ProcessEntry } from './types';

/**
 * What a program file can have to do with Python. `loads`: one of its processes was seen with a libpython;
 * `perhaps`: none yet.
 */
type Verdict = { python: 'yes' | 'loads' | 'perhaps'; version?: string };

const LIBRARY = /^.* (\/.*\/(?:lib)?python(\d\.\d+)[^/\n]*)$/gm;
/** Reading an address space is dear: of a program's many processes so many are looked at in one listing. */
const SAMPLE = 4;
const PYTHON_NAME = /^(?:python|pypy)(?:(\d\.\d+)|\d)?[dt]*$/;
const CLOCK_TICK_MS = 10;

/** By device, inode and time of change: an upgraded file is a new one. */
const verdicts = new Map<string, Verdict>();

/** See `TargetOs.pythonProcesses`. */
export function linuxPythonProcesses(): ProcessEntry[] {
  const boot = bootTime();
  const sampled = new Map<Verdict, number>();
  const found: ProcessEntry[] = [];
  for (const name of readdirSync('/proc')) {
    const first = name.charCodeAt(0);
    if (first < 0x30 || first > 0x39 || Number(name) === process.pid) continue;
    const python = judge(Number(name), sampled);
    const entry = python && processEntry(Number(name), python.version, boot);
    if (entry !== undefined) found.push(entry);
  }
  return found;
}

/** One process as `linuxPythonProcesses` shows it, Python or not; undefined when it has ended. */
export function linuxProcess(pid: number): ProcessEntry | undefined {
  return processEntry(pid, judge(pid, new Map())?.version, bootTime());
}

/** Undefined for a process without Python. */
function judge(pid: number, sampled: Map<Verdict, number>): { version?: string } | undefined {
  const key = programKey(pid);
  if (key === undefined) return undefined;
  if (key === 'hidden') return judgeByName(pid);
  const verdict = verdicts.get(key) ?? judgeFile(pid);
  verdicts.set(key, verdict);
  if (verdict.python === 'yes') return verdict;
  const count = sampled.get(verdict) ?? 0;
  if (verdict.python === 'perhaps' && count >= SAMPLE) return undefined;
  sampled.set(verdict, count + 1);
  const library = loadedLibrary(pid);
  if (library !== undefined) verdict.python = 'loads';
  return library;
}

/** Undefined for kernel threads and processes that have just ended. */
function programKey(pid: number): string | undefined {
  try {
    const status = statSync(`/proc/${pid}/exe`, { throwIfNoEntry: false });
    return status && `${status.dev}:${status.ino}:${status.mtimeMs}`;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? 'hidden' : undefined;
  }
}

function judgeFile(pid: number): Verdict {
  const file = `/proc/${pid}/exe`;
  const python = withImageFile(file, pythonInFile) ?? withImageFile(file, pythonInStrippedFile);
  if (python === undefined) return { python: 'perhaps' };
  return { python: 'yes', ...(python.version ? { version: python.version.text } : {}) };
}

function loadedLibrary(pid: number): { version?: string } | undefined {
  let byName: string | undefined;
  for (const [, path = '', minor] of (procText(pid, 'maps') ?? '').matchAll(LIBRARY)) {
    const exact = withImageFile(`/proc/${pid}/root${decoded(path)}`, pythonInFile)?.version?.text;
    if (exact !== undefined) return { version: exact };
    byName ??= minor;
  }
  return byName === undefined ? undefined : { version: byName };
}

/** Another user's process shows its command line only. */
function judgeByName(pid: number): { version?: string } | undefined {
  const program = commandLine(pid)[0] ?? '';
  const match = PYTHON_NAME.exec(program.slice(program.lastIndexOf('/') + 1));
  if (match === null) return undefined;
  return match[1] === undefined ? {} : { version: match[1] };
}

/**
 * A process as lists show it.
 * @param version of the Python in it, as far as it is known
 * @returns undefined for one that has ended
 */
function processEntry(pid: number, version: string | undefined, boot: number): ProcessEntry | undefined {
  const text = processText(pid);
  if (text === undefined) return undefined;
  const status = parseStatus(pid, text);
  if (status.state === 'ended') return undefined;
  const argv = commandLine(pid);
  const executable = procLink(pid, 'exe');
  // It ends while we read: its memory, which holds the words, goes first.
  if (argv.length === 0 && executable === undefined) return undefined;
  const environ = procText(pid, 'environ') ?? '';
  const container = foreignContainer(pid);
  return compact({
    pid,
    parentPid: status.parentPid,
    uid: status.uid,
    user: userName(status.uid),
    startedAt: boot + Number(status.startId) * CLOCK_TICK_MS,
    commandLine: argv,
    suspended: status.state === 'stopped',
    switchedOff: variable(environ, 'PYTHON_DISABLE_REMOTE_DEBUG') !== undefined,
    findings: statusFindings(text.status),
    version: version ?? PYTHON_NAME.exec(basename(executable ?? ''))?.[1],
    executable,
    cwd: procLink(pid, 'cwd'),
    notebook: variable(environ, 'JPY_SESSION_NAME'),
    container: container && containerName(container),
    refusal: mayAccess(pid) ? undefined : accessRefusal(status),
    ...consumption(text),
  });
}

/** Processor time so far and resident memory (proc(5): utime, stime, VmRSS). */
function consumption({ stat, status }: ProcessText): Pick<ProcessEntry, 'cpuMs' | 'memoryBytes'> {
  const { fields } = statFields(stat);
  return {
    cpuMs: (Number(fields[11]) + Number(fields[12])) * CLOCK_TICK_MS,
    memoryBytes: parseInt(statusField(status, 'VmRSS') ?? '0', 10) * 1024,
  };
}

/** Milliseconds since the epoch (proc(5), `btime`). */
function bootTime(): number {
  const seconds = /^btime (\d+)$/m.exec(systemText())?.[1];
  return Number(seconds ?? 0) * 1000;
}
