import { printable, printableJson } from '../common/printable';
import { memory, processorTime, span } from '../common/units';
import { plant } from '../inject/forest';
import type { ProcessNode } from '../inject/forest';
import { listPythonProcesses } from '../inject/processes';
import type { PythonProcess } from '../inject/types';
import { parseOrComplain } from './usage';

const HEAD = ['PID', 'PYTHON', 'USER', 'AGE', 'CPU', 'MEMORY', 'WHAT'];
/** Texts stand to the left, numbers to the right. */
const LEFT = new Set(['PYTHON', 'USER']);

/** `pylatch ps`: the Python processes as a tree in a table, or as JSON for programs. */
export async function ps(args: string[]): Promise<number> {
  const { values } = parseOrComplain({ args, options: { json: { type: 'boolean' } } });
  const processes = await listPythonProcesses();
  process.stdout.write(values.json === true ? `${printableJson(processes)}\n` : table(processes));
  return 0;
}

function table(processes: PythonProcess[]): string {
  if (processes.length === 0) return 'No Python process is running that you can see.\n';
  const cells = [HEAD, ...plant(processes).flatMap((root) => rows(root, ''))];
  const widths = HEAD.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return `${cells.map((row) => printable(line(row, widths))).join('\n')}\n`;
}

/** A process and, below it and further in, those that it has started. */
function rows({ process, children }: ProcessNode, indent: string): string[][] {
  const branch = indent === '' ? '  ' : `${indent}  `;
  return [row(process, indent), ...children.flatMap((child) => rows(child, branch))];
}

function row(one: PythonProcess, indent: string): string[] {
  return [
    String(one.pid),
    one.version ?? '?',
    one.user,
    span(Date.now() - one.startedAt),
    one.cpuMs === undefined ? '' : processorTime(one.cpuMs),
    one.memoryBytes === undefined ? '' : memory(one.memoryBytes),
    `${indent}${[one.label, ...remarks(one)].join('  ')}`,
  ];
}

/** What stands behind the name: where it runs, and what speaks against an attach. */
function remarks({ container, findings }: PythonProcess): string[] {
  const told = (severity: string): string =>
    findings
      .filter((finding) => finding.severity === severity)
      .map((finding) => finding.what)
      .join(' ');
  const [refusals, warnings] = [told('refusal'), told('warning')];
  return [
    ...(container === undefined ? [] : [`[${container}]`]),
    ...(refusals === '' ? [] : [`(cannot be attached to: ${refusals})`]),
    ...(warnings === '' ? [] : [`(${warnings})`]),
  ];
}

/** The last column is as long as it is. */
function line(row: string[], widths: number[]): string {
  const cells = row.map((cell, column) => {
    const name = HEAD[column] ?? '';
    if (name === 'WHAT') return cell;
    const width = widths[column] ?? 0;
    return LEFT.has(name) ? cell.padEnd(width) : cell.padStart(width);
  });
  return cells.join('  ').replaceAll('\n', ' ').trimEnd();
}
