import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import type { Outcome } from '../support/scenario';
import { firstDifference } from '../support/scenario/transcript';
import type { Area } from './scenarios';

const FILE = join(__dirname, '..', '..', 'docs', 'conformance.md');

/** A cell of a scenario that went as its transcript says. */
export const AS_ASKED = 'as asked';
/** A cell of a scenario that makes no sense on that version. */
export const NOT_FOR_IT = '–';

/** What came of each scenario, by debugger and version, by the scenario's name. */
export type Table = Map<string, Map<string, string>>;

/** A cell: as asked, or what was different first. */
export function asCell({ expected, got, cutShort }: Outcome): string {
  if (cutShort !== undefined && got.at(-1) === cutShort && got.length <= expected.length) return cutShort;
  return firstDifference(expected, got) ?? AS_ASKED;
}

/** The committed table; empty where there is none. */
export function readTable(): Table {
  const table: Table = new Map();
  let columns: string[] = [];
  for (const [name = '', ...cells] of text().split('\n').map(splitRow)) {
    if (name === 'scenario') columns = cells;
    else if (columns.length > 0 && cells.length > 0 && !/^[-:]*$/.test(name))
      table.set(plain(name), new Map(columns.map((column, i) => [column, plain(cells[i] ?? '')])));
  }
  return table;
}

/** Writes the outcomes of a run. @param comparedWith the other debugger's name and version */
export async function writeTable(
  areas: readonly Area[],
  columns: string[],
  table: Table,
  comparedWith: string,
): Promise<void> {
  const names = areas.flatMap(({ scenarios }) => scenarios.map(({ name }) => name));
  const parts = areas.map(({ title, scenarios }) => {
    const rows = scenarios.map(({ name }) => [name, ...columns.map((column) => cell(table, name, column))]);
    return `## ${title}\n\n${asTable(['scenario', ...columns], rows)}`;
  });
  const content = [head(names.length, comparedWith), totals(names, columns, table), ...parts].join('\n');
  writeFileSync(FILE, await format(content, { ...(await resolveConfig(FILE)), parser: 'markdown' }));
}

function head(count: number, comparedWith: string): string {
  return `# Where debuggers stand

${count} scenarios: each is a small program that runs already when a debugger attaches to it, what a client does then, and the transcript that must come of it, in terms of the Debug Adapter Protocol. Each was driven against Pylatch and, by the same script, against ${comparedWith}. A cell says \`${AS_ASKED}\`, or what was different first: the line that came instead of the expected one, that something is \`not offered\` (the adapter's capabilities do not name it), or that what was waited for did not come (\`no stop\`, \`no answer\`). Wording does not count: messages, descriptions and labels are not part of the transcripts. The scenarios were written for Pylatch, so they ask for what Pylatch offers.

The test suite \`dap\` drives all of them against Pylatch and fails where one does not go as asked, or where this table names others than there are. \`PYLATCH_CONFORMANCE=write npm test -- dap\` drives them against both debuggers and writes this file anew (\`PYLATCH_CONFORMANCE=new\`: only those that are not here yet). \`PYLATCH_REPEAT=20\` repeats the run. The scenarios are in \`test/dap/scenarios\`; how they are written is told in \`test/support/scenario.ts\`.
`;
}

function totals(names: string[], columns: string[], table: Table): string {
  const rows = columns.map((column) => {
    const cells = names.map((name) => cell(table, name, column)).filter((each) => each !== NOT_FOR_IT);
    const asked = cells.filter((each) => each === AS_ASKED).length;
    const missing = cells.filter((each) => each.startsWith('not offered')).length;
    return [column, asked, missing, cells.length - asked - missing].map(String);
  });
  return `${asTable(['', AS_ASKED, 'not offered', 'otherwise'], rows)}\n`;
}

function cell(table: Table, name: string, column: string): string {
  return table.get(name)?.get(column) ?? '';
}

function asTable(header: string[], rows: string[][]): string {
  const lines = [header, header.map(() => '---'), ...rows.map((row) => row.map(escaped))];
  return lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

/** Outside of code, what Markdown would take for its own signs. */
function escaped(text: string): string {
  const parts = text.split('`').map((part, i) => (i % 2 === 1 ? part : part.replace(/[\\<>*_]/g, '\\$&')));
  return parts.join('`').replaceAll('|', '\\|');
}

function plain(text: string): string {
  const parts = text.replaceAll('\\|', '|').split('`');
  return parts.map((part, i) => (i % 2 === 1 ? part : part.replace(/\\(.)/g, '$1'))).join('`');
}

function text(): string {
  try {
    return readFileSync(FILE, 'utf8');
  } catch {
    return '';
  }
}

function splitRow(line: string): string[] {
  if (!line.startsWith('|')) return [];
  const cells = line.split(/(?<!\\)\|/).slice(1, -1);
  return cells.map((each) => each.trim());
}
