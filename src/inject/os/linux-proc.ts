/** What `/proc` says of a process (proc(5)). Everything that cannot be read is undefined or empty. */
import { readFileSync, readlinkSync } from 'node:fs';
import type { Mapping, ProcessStatus } from './types';

/** The text of a file below `/proc/PID`, a character for each byte: parts that people are to read go through {@link decoded}. */
export function procText(pid: number | 'self', name: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return undefined;
  }
}

/** A name or path as its program has written it. */
export function decoded(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** A link below `/proc/PID`, for example `exe` or `ns/mnt`. */
export function procLink(pid: number | 'self', name: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/${name}`);
  } catch {
    return undefined;
  }
}

/** A line of `/proc/PID/status` by its name. */
export function statusField(status: string, name: string): string | undefined {
  return new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(status)?.[1];
}

/** The number of a process or thread in the innermost of its pid namespaces: the one that it has for itself. */
export function innermost(status: string): number | undefined {
  const numbers = statusField(status, 'NSpid');
  return numbers === undefined ? undefined : Number(numbers.trim().split(/\s+/).at(-1));
}

/** The text of `/proc/stat`. */
export function systemText(): string {
  return readFileSync('/proc/stat', 'latin1');
}

/** The fields of `/proc/PID/stat` after the name, which may itself hold blanks and brackets. */
export function statFields(stat: string): { name: string; fields: string[] } {
  const open = stat.indexOf('(');
  const close = stat.lastIndexOf(')');
  return {
    name: stat.slice(open + 1, close),
    fields: stat
      .slice(close + 2)
      .trim()
      .split(' '),
  };
}

/** Start time in clock ticks after boot: field 22 of proc(5), the 20th after the name. */
function startTicks(fields: string[]): string {
  return fields[19] ?? '';
}

/** The two texts that hold most of what is known of a process: its `stat` and its `status`. */
export interface ProcessText {
  stat: string;
  status: string;
}

/** Undefined when there is no such process. */
export function processText(pid: number): ProcessText | undefined {
  const stat = procText(pid, 'stat');
  const status = procText(pid, 'status');
  return stat === undefined || status === undefined ? undefined : { stat, status };
}

/** The process that has this pid, or the thread of which it is the number. */
export function processStatus(pid: number): ProcessStatus | undefined {
  const text = processText(pid);
  return text && parseStatus(pid, text);
}

/** What the two texts of a process say. */
export function parseStatus(pid: number, { stat, status }: ProcessText): ProcessStatus {
  const { name, fields } = statFields(stat);
  const ids = (field: string): number[] => (statusField(status, field) ?? '').split(/\s+/).map(Number);
  const [uid = -1, effectiveUid = -1] = ids('Uid');
  return {
    pid,
    parentPid: Number(fields[1]),
    name,
    state: processState(fields[0] ?? ''),
    uid,
    effectiveUid,
    effectiveGid: ids('Gid')[1] ?? -1,
    startId: startTicks(fields),
    owner: Number(statusField(status, 'Tgid') ?? pid),
  };
}

function processState(letter: string): ProcessStatus['state'] {
  if (letter === 'Z' || letter === 'X') return 'ended';
  return letter === 'T' ? 'stopped' : 'alive';
}

/** The environment with which the process was started. */
export function environment(pid: number): Map<string, string> {
  const entries = (procText(pid, 'environ') ?? '').split('\0').map((entry): [string, string] => {
    const at = entry.indexOf('=');
    return [entry.slice(0, at), decoded(entry.slice(at + 1))];
  });
  return new Map(entries);
}

/** One variable of the environment with which a process was started, out of the text of its `environ`. */
export function variable(environ: string, name: string): string | undefined {
  const at = `\0${environ}`.indexOf(`\0${name}=`);
  if (at < 0) return undefined;
  const value = environ.slice(at + name.length + 1).split('\0', 1)[0] ?? '';
  return decoded(value);
}

/**
 * The command line, decoded. Empty for kernel threads and ended processes. A program that has set its own title
 * leaves the rest of the room empty, which must not look like arguments.
 */
export function commandLine(pid: number): string[] {
  const raw = decoded(procText(pid, 'cmdline') ?? '');
  return raw === '' ? [] : raw.replace(/\0+$/, '').split('\0');
}

/** Only lines with a file: a program may have tens of thousands of others. */
const MAPPED_FILE = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) ([0-9a-f]+) \S+ \d+ +(\/.*)$/gm;

/** The parts of the address space that hold a piece of a file, in their order. */
export function fileMappings(pid: number): Mapping[] {
  return parseMappings(procText(pid, 'maps') ?? '');
}

/** Those parts in the text of `/proc/PID/maps`. */
export function parseMappings(maps: string): Mapping[] {
  return Array.from(
    maps.matchAll(MAPPED_FILE),
    ([, start = '', end = '', rights = '', offset = '', path = '']) => ({
      start: parseInt(start, 16),
      end: parseInt(end, 16),
      writable: rights[1] === 'w',
      executable: rights[2] === 'x',
      offset: parseInt(offset, 16),
      path: decoded(path),
    }),
  );
}
