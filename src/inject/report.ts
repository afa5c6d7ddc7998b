/** A diagnosis as a person reads it: the same text on the command line and in the editor. */
import { printable } from '../common/printable';
import { shownCommand } from '../common/shell';
import { memory, processorTime, span } from '../common/units';
import type { Diagnosis, Finding, PythonProcess, ThreadReport } from './types';

const TITLES: Record<Finding['severity'], string> = { refusal: 'Refused', warning: 'Warning', note: 'Note' };
/** Room for the names of facts. */
const COLUMN = 12;

/** @param now milliseconds since the epoch */
export function report(diagnosis: Diagnosis, now: number): string {
  const { process } = diagnosis;
  const verdict = process.attachable ? 'can be attached to' : 'cannot be attached to';
  const sections = [
    [`${process.label} (process ${process.pid}) ${verdict}.`],
    ...process.findings.map(findingLines),
    ['Process', ...processFacts(process, now)],
    pythonLines(diagnosis),
    threadLines(diagnosis),
  ];
  const shown = sections.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  return printable(`${shown.join('\n\n')}\n`);
}

function findingLines({ severity, what, why, fix }: Finding): string[] {
  return [
    `${TITLES[severity]}: ${oneLine(what)}`,
    ...(why === undefined ? [] : [fact('why', why)]),
    ...(fix === undefined ? [] : [fact('what to do', fix)]),
  ];
}

function processFacts(process: PythonProcess, now: number): string[] {
  const { cpuMs, memoryBytes } = process;
  const used = [
    cpuMs === undefined ? undefined : `${processorTime(cpuMs)} of processor time`,
    memoryBytes === undefined ? undefined : `${memory(memoryBytes)} of memory`,
  ].filter((part) => part !== undefined);
  return facts([
    ['command', shownCommand(process.commandLine)],
    ['program', process.executable],
    ['folder', process.cwd],
    ['user', process.user],
    ['parent', process.parentPid > 0 ? `process ${process.parentPid}` : undefined],
    ['started', `${span(now - process.startedAt)} ago`],
    ['uses', used.join(', ')],
    ['container', process.container],
  ]);
}

function pythonLines({ python }: Diagnosis): string[] {
  if (python === undefined) return [];
  const builds = [python.freeThreaded ? 'free-threaded' : undefined, python.debugBuild ? 'debug' : undefined];
  const build = builds.filter((part) => part !== undefined).join(', ');
  const version = build === '' ? python.version : `${python.version} (${build} build)`;
  return [
    'Python',
    ...facts([
      ['version', version],
      ['found in', python.image],
    ]),
  ];
}

function threadLines({ threads, taker }: Diagnosis): string[] {
  if (threads.length === 0) return [];
  const names = threads.map(
    (thread) => `${thread.nativeId} ${thread.main ? '(main)' : oneLine(thread.name ?? '')}`,
  );
  const width = Math.max(...names.map((name) => name.length));
  return [
    'Threads',
    ...threads.map((thread, at) => {
      const mark = thread.nativeId === taker ? '  <- takes the request' : '';
      return `  ${(names[at] ?? '').padEnd(width)}  ${activity(thread)}${mark}`;
    }),
  ];
}

function activity({ doing, forMs }: ThreadReport): string {
  return forMs === undefined || forMs < 1000 ? doing : `${doing}, for ${span(forMs)}`;
}

function facts(pairs: [name: string, value: string | undefined][]): string[] {
  return pairs.flatMap(([name, value]) => (value === undefined || value === '' ? [] : [fact(name, value)]));
}

/** A name or path may hold line feeds; what follows them must not look like a line of ours. */
function oneLine(text: string): string {
  return text.replaceAll('\n', ' ');
}

function fact(name: string, value: string): string {
  return `  ${name.padEnd(COLUMN)}${value.replaceAll('\n', `\n${' '.repeat(COLUMN + 2)}`)}`;
}
