/** The results as a table, and as files. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { chart } from './chart';
import type { Bar, Figure, Summary, ToolName } from './figures';
import { advantage, summarize, verdict } from './figures';

const ROOT = join(__dirname, '..');
const TOOLS: readonly ToolName[] = ['pylatch', 'debugpy', 'debugpy-nodelay', 'pdb', 'none'];
const UNITS: Record<Figure['unit'], string> = { ms: ' ms', ns: ' ns', MB: ' MB', x: 'x', count: '' };

/** What the results were measured on. Names neither the machine nor its user. */
export interface Conditions {
  date: string;
  processor: string;
  cores: number;
  node: string;
  python: string;
}

/** Prints the figures: one block each, with a line for every tool. */
export function printTable(figures: readonly Figure[]): void {
  console.log(`\n${table(figures)}\n`);
}

export function table(figures: readonly Figure[]): string {
  const width = Math.max(...TOOLS.map((tool) => tool.length));
  return figures.map((figure) => block(figure, width)).join('\n\n');
}

function block(figure: Figure, width: number): string {
  const lines = TOOLS.filter((tool) => (figure.samples[tool]?.length ?? 0) > 0).map((tool) => {
    const late = figure.unfinished?.includes(tool) === true;
    return `  ${tool.padEnd(width)}  ${range(summarize(figure.samples[tool]!), figure.unit, late)}`;
  });
  const notes = figure.note === undefined ? [] : [`  (${figure.note})`];
  return [`${figure.title}  ${judgement(figure)}`, ...lines, ...notes].join('\n');
}

/** Median, then the range in brackets. */
function range({ min, median, max, n }: Summary, unit: Figure['unit'], unfinished: boolean): string {
  if (unfinished) return `more than ${quantity(median, unit)}`;
  const spread = n === 1 ? '' : `  [${quantity(min, unit)} .. ${quantity(max, unit)}], n = ${n}`;
  return `${quantity(median, unit).padStart(10)}${spread}`;
}

/** Bar, verdict, and how many times less than debugpy it is. */
function judgement(figure: Figure): string {
  const parts: string[] = [];
  if (figure.bar !== undefined)
    parts.push(`bar ${barText(figure.bar, figure.unit)}: ${verdict(figure).toUpperCase()}`);
  const times = advantage(figure);
  if (times !== undefined) parts.push(`debugpy takes ${factor(times, figure)} times as much`);
  return parts.length === 0 ? '' : `[${parts.join('; ')}]`;
}

function factor(times: number, figure: Figure): string {
  const least = figure.unfinished?.includes('debugpy') === true ? 'more than ' : '';
  return `${least}${times < 10 ? times.toFixed(1) : Math.round(times)}`;
}

export function barText(bar: Bar, unit: Figure['unit']): string {
  if (bar.kind === 'part') return `<= 1/${Math.round(1 / bar.value)} of debugpy`;
  if (bar.kind === 'near') return `${bar.value.toFixed(2)} +- ${bar.by}`;
  return `<= ${quantity(bar.value, unit)}`;
}

/** A number with its unit, in three digits. */
export function quantity(value: number, unit: Figure['unit']): string {
  const digits = value !== 0 && Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0;
  const text = unit === 'count' ? String(Math.round(value)) : value.toFixed(digits);
  return `${text}${UNITS[unit]}`;
}

/** Writes bench/results/latest.json and media/bench.svg. */
export function writeResults(figures: readonly Figure[], python: string): void {
  const conditions = findConditions(python);
  const results = join(ROOT, 'bench', 'results');
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, 'latest.json'), `${JSON.stringify(asJson(figures, conditions), null, 1)}\n`);
  writeFileSync(join(ROOT, 'media', 'bench.svg'), chart(figures, conditions));
}

function findConditions(python: string): Conditions {
  const processors = cpus();
  const version = execFileSync(python, ['-c', 'import sys; print(sys.version.split()[0])'], {
    encoding: 'utf8',
  });
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    node: process.versions.node,
    python: version.trim(),
  };
}

export function asJson(figures: readonly Figure[], conditions: Conditions): object {
  return {
    conditions,
    figures: figures.map(({ samples, ...figure }) => ({
      ...figure,
      verdict: verdict({ samples, ...figure }),
      results: Object.fromEntries(
        Object.entries(samples)
          .filter(([, list]) => list.length > 0)
          .map(([tool, list]) => [tool, rounded(summarize(list))]),
      ),
    })),
  };
}

function rounded(summary: Summary): object {
  return Object.fromEntries(
    Object.entries(summary).map(([key, value]) => [key, Number(value.toPrecision(4))]),
  );
}
