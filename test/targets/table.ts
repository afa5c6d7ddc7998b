import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { asTable, escaped, plain, splitRow } from '../support/markdown';
import type { Kind } from './kind';

const FILE = join(__dirname, '..', '..', 'docs', 'targets.md');

const HEAD = `# What Pylatch attaches to

Each row is a kind of program or a state that it is in; each cell tells what came of an attach: the milliseconds that it took (from the call to an agent that answers, the best of five on a small virtual machine), or the text of the refusal. \`pylatch exec\` runs a script in every row of the first table.

The test suite \`targets\` tries every row and fails where the outcome is another one than here, where an attach takes over 250 ms (rows that wait for code in C excepted) or leaves anything behind, or where the target does not go on as before. \`PYLATCH_TARGETS=write npm test -- targets\` writes this file anew.
`;

/** The outcomes by version, by kind. */
export type Table = Map<string, Map<string, string>>;

/** The committed table; empty where there is none. */
export function readTable(): Table {
  const table: Table = new Map();
  let versions: string[] = [];
  for (const line of text().split('\n')) {
    const cells = splitRow(line);
    const [name = '', ...outcomes] = cells;
    if (name === 'target') versions = outcomes;
    else if (cells.length > 1 && !/^[-:]*$/.test(name))
      table.set(name, new Map(versions.map((version, i) => [version, plain(outcomes[i] ?? '')])));
  }
  return table;
}

function text(): string {
  try {
    return readFileSync(FILE, 'utf8');
  } catch {
    return '';
  }
}

/** Two outcomes are the same whatever the time took. */
export function withoutTime(outcome: string | undefined): string | undefined {
  return outcome?.replace(/^\d+ ms/, 'attached');
}

/** Writes the outcomes of a run; what it did not try stays as it was. */
export async function writeTable(kinds: Kind[], versions: string[], outcomes: Table): Promise<void> {
  const before = readTable();
  const row = ({ name }: Kind): string[] => [
    name,
    ...versions.map((version) =>
      escaped(outcomes.get(name)?.get(version) ?? before.get(name)?.get(version) ?? ''),
    ),
  ];
  const rows = (wanted: Kind[]): string => asTable(['target', ...versions], wanted.map(row));
  const attached = rows(kinds.filter(({ expect }) => expect === 'attached'));
  const refused = rows(kinds.filter(({ expect }) => expect !== 'attached'));
  const content = `${HEAD}\n## Attached\n\n${attached}\n## Refused\n\n${refused}`;
  writeFileSync(FILE, await format(content, { ...(await resolveConfig(FILE)), parser: 'markdown' }));
}

/** A refusal as the table shows it. */
export function asCell(message: string, own: Record<string, string>): string {
  let shown = message;
  for (const [text, word] of Object.entries(own)) shown = shown.replaceAll(text, word);
  return shown.replace(/\s+/g, ' ');
}
