/**
 * Finds the processes that run Python. Cheap by asking little of most of them: one look at the program file's
 * identity, and what is known of that file.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { withImageFile } from '../image/bytes';
import { pythonInFile } from '../python-file';
import { accessRefusal, mayAccess } from './linux-access';
import { commandLine, environment, procLink, procText, processStatus } from './linux-proc';
import { userName } from './linux-users';
import type { ProcessEntry, ProcessStatus } from './types';

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
    const entry = python && describe(Number(name), python, boot);
    if (entry !== undefined) found.push(entry);
  }
  return found;
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
  const python = withImageFile(`/proc/${pid}/exe`, pythonInFile);
  if (python === undefined) return { python: 'perhaps' };
  return { python: 'yes', ...(python.version ? { version: python.version.text } : {}) };
}

function loadedLibrary(pid: number): { version?: string } | undefined {
  let byName: string | undefined;
  for (const [, path = '', minor] of (procText(pid, 'maps') ?? '').matchAll(LIBRARY)) {
    const exact = withImageFile(`/proc/${pid}/root${path}`, pythonInFile)?.version?.text;
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

function describe(pid: number, { version }: { version?: string }, boot: number): ProcessEntry | undefined {
  const status = processStatus(pid);
  if (status === undefined || status.state === 'ended') return undefined;
  const executable = procLink(pid, 'exe');
  const cwd = procLink(pid, 'cwd');
  const known = version ?? PYTHON_NAME.exec(executable?.slice(executable.lastIndexOf('/') + 1) ?? '')?.[1];
  return {
    pid,
    parentPid: status.parentPid,
    uid: status.uid,
    user: userName(status.uid),
    startedAt: boot + Number(status.startId) * CLOCK_TICK_MS,
    commandLine: commandLine(pid),
    switchedOff: environment(pid).has('PYTHON_DISABLE_REMOTE_DEBUG'),
    ...(known === undefined ? {} : { version: known }),
    ...(executable === undefined ? {} : { executable }),
    ...(cwd === undefined ? {} : { cwd }),
    ...refusal(status),
  };
}

function refusal(status: ProcessStatus): Pick<ProcessEntry, 'refusal'> {
  return mayAccess(status.pid) ? {} : { refusal: accessRefusal(status) };
}

/** Milliseconds since the epoch (proc(5), `btime`). */
function bootTime(): number {
  const seconds = /^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'latin1'))?.[1];
  return Number(seconds ?? 0) * 1000;
}
