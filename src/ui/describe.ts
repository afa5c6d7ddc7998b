/** How processes are named, ordered and explained in lists. No `vscode` here: plain functions over data. */
import { userInfo } from 'node:os';
import { basename } from 'node:path';
import { compact } from '../common/compact';
import { printable } from '../common/printable';
import { shownCommand } from '../common/shell';
import { memory, processorTime, span } from '../common/units';
import type { Finding, PythonProcess } from '../inject/types';

const MINUTE = 60_000;
/** Characters of a name that leave room for the process id in a side bar of the usual width. */
const LABEL_WIDTH = 28;

/** `4711 · Python 3.14.10 · alice · 3 min`, and the container if it runs in another than the editor. */
export function longDescription(process: PythonProcess, now: number): string {
  const version = process.version === undefined ? undefined : `Python ${process.version}`;
  return joined([
    String(process.pid),
    version,
    process.user,
    span(now - process.startedAt),
    process.container,
  ]);
}

/**
 * `4711 · 3.14.10 · 3 min`. The age of a process under a minute reads `new`, so that a list that refreshes
 * itself does not redraw such a row each time.
 */
export function shortDescription(process: PythonProcess, now: number): string {
  const shown = now - process.startedAt < MINUTE ? 'new' : span(now - process.startedAt);
  return joined([String(process.pid), process.version, shown, process.container]);
}

function joined(parts: (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join(' · ');
}

/** Names one process in a title: `shop.py (4711)`. */
export function processTitle({ label, pid }: PythonProcess): string {
  return `${label} (${pid})`;
}

/** A name for a narrow column: what is cut off is in the tooltip. */
export function shortLabel({ label }: PythonProcess): string {
  return label.length > LABEL_WIDTH ? `${label.slice(0, LABEL_WIDTH - 1).trimEnd()}…` : label;
}

/** The command line as one would type it, with the folder it was typed in. */
export function commandDetail(process: PythonProcess): string {
  const [program, ...rest] = process.commandLine;
  const line = shownCommand([...(program === undefined ? [] : [basename(program)]), ...rest]);
  return process.cwd === undefined ? line : `${line}  —  ${printable(process.cwd)}`;
}

/** The findings that forbid an attach. */
function refusals(process: PythonProcess): Finding[] {
  return process.findings.filter((finding) => finding.severity === 'refusal');
}

/** True where the rights of an administrator are all that is missing. */
export function lacksOnlyRights(process: PythonProcess): boolean {
  return !process.attachable && refusals(process).every(({ id }) => id === 'no-permission');
}

/** One short sentence for the row: why the process cannot be attached to. */
function refusalLine(process: PythonProcess): string {
  return refusals(process)[0]?.what ?? 'This process cannot be attached to.';
}

/** What an attach may meet, beside what forbids it. */
export function warnings(process: PythonProcess): Finding[] {
  return process.findings.filter((finding) => finding.severity === 'warning');
}

/** A list draws `$(name)` as an icon; what comes from a process is to be read as it is. */
export function withoutIcons(text: string): string {
  return text.replace(/\$\([\w-]+(?:~[\w-]+)?\)/g, '\\$&');
}

/** The second line of a row: what speaks against an attach, or else how the process was started. */
export function rowDetail(process: PythonProcess): string {
  if (!process.attachable) return `$(circle-slash) ${withoutIcons(refusalLine(process))}`;
  const [warning] = warnings(process);
  const command = withoutIcons(commandDetail(process));
  return warning === undefined ? command : `$(warning) ${withoutIcons(warning.what)}  —  ${command}`;
}

/** What the process has used and uses: `1.2 s of processor time`, `24 MB`; absent where the system does not tell. */
export function consumption({ cpuMs, memoryBytes }: PythonProcess): { cpu?: string; memory?: string } {
  return compact({
    cpu: cpuMs === undefined ? undefined : processorTime(cpuMs),
    memory: memoryBytes === undefined ? undefined : memory(memoryBytes),
  });
}

/** Everything known about why not, and what to do. */
export function refusalText(process: PythonProcess): string {
  const parts = refusals(process).flatMap(({ what, why, fix }) => [what, why, fix]);
  return parts.length === 0 ? refusalLine(process) : parts.filter((part) => part !== undefined).join(' ');
}

/** The first shell command that a text quotes: what it tells the user to run. */
export function offeredCommand(text: string): string | undefined {
  return /["`]((?:sudo|kill) [^"`]+)["`]/.exec(text)?.[1];
}

/** Names a program across its restarts: what is remembered as last used. */
export function identity(process: PythonProcess): string {
  return `${process.label}\n${process.cwd ?? ''}`;
}

/** True for a process of the user who runs the editor; for root every process is. */
export function isOwn(process: PythonProcess): boolean {
  const me = userInfo();
  if (me.uid === 0) return true;
  // Windows has no uid (-1): compare the account's name, which may come with its domain.
  return me.uid > 0 ? process.uid === me.uid : process.user.split('\\').at(-1) === me.username;
}

/** A copy in the order of the lists: attachable ones first, the last used on top, then the newest. */
export function ordered(processes: readonly PythonProcess[], lastUsed?: string): PythonProcess[] {
  const rank = (process: PythonProcess): number =>
    !process.attachable ? 2 : identity(process) === lastUsed ? 0 : 1;
  return [...processes].sort((a, b) => rank(a) - rank(b) || b.startedAt - a.startedAt || b.pid - a.pid);
}
