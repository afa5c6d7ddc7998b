import { listPythonProcesses } from '../inject/processes';
import type { PythonProcess } from '../inject/types';
import { parseOrComplain } from './usage';

const HEAD = ['PID', 'PYTHON', 'USER', 'AGE', 'WHAT'];
const UNITS: [name: string, seconds: number][] = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
];

/** `pylatch ps`: the Python processes as a table, or as JSON for programs. */
export async function ps(args: string[]): Promise<number> {
  const { values } = parseOrComplain({ args, options: { json: { type: 'boolean' } } });
  const processes = await listPythonProcesses();
  process.stdout.write(values.json === true ? `${JSON.stringify(processes, null, 2)}\n` : table(processes));
  return 0;
}

function table(processes: PythonProcess[]): string {
  if (processes.length === 0) return 'No Python process is running that you can see.\n';
  const rows = [HEAD, ...processes.map(row)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  const lines = rows.map((cells) =>
    cells
      .map((cell, column) => pad(cell, column, widths))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

function row(one: PythonProcess): string[] {
  const reasons = one.findings
    .filter((finding) => finding.severity === 'refusal')
    .map((finding) => finding.what);
  const what = one.attachable ? one.label : `${one.label}  (cannot be attached to: ${reasons.join(' ')})`;
  return [String(one.pid), one.version ?? '?', one.user, age(one.startedAt), what];
}

/** Numbers stand to the right; the last column is as long as it is. */
function pad(cell: string, column: number, widths: number[]): string {
  const width = column === HEAD.length - 1 ? 0 : (widths[column] ?? 0);
  return column === 0 || column === 3 ? cell.padStart(width) : cell.padEnd(width);
}

function age(startedAt: number): string {
  const seconds = Math.max(0, Math.round((Date.now() - startedAt) / 1000));
  const [name, size] = UNITS.find(([, unit]) => seconds >= unit) ?? ['s', 1];
  return `${Math.floor(seconds / size)}${name}`;
}
