/** docs/stdlib.md: what the runs of the standard library's tests have shown. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { asTable, escaped, plain, splitRow } from '../support/markdown';
import { EXPLANATIONS } from './explanations';
import type { Explanation } from './explanations';

const FILE = join(__dirname, '..', '..', 'docs', 'stdlib.md');

const HEAD = `# Programs do not notice Pylatch

The standard library's own tests are run three ways: without Pylatch; with Pylatch attached from before the first import to the end of the process; and attached with breakpoints that never hit, in the test file itself (where it has a line that no passing test reaches) and in functions that run all the time: \`unittest\`'s runner of a test, the start of a thread, the wait of each selector. Each test has to end the same in all three: passed, failed, skipped, or with the same exit code of the whole run, which tells too of threads, signal handlers, files and other things that are not as they were. The agent has to be there to the end. The tests are Debian's \`libpython3.14-testsuite\` and \`libpython3.15-testsuite\`, run by their own runner with all resources off that it leaves off by default.

\`npm test -- stdlib\` runs a part of them, attached with breakpoints. \`PYLATCH_STDLIB=write npm test -- stdlib\` runs all and writes this file anew; it takes more than an hour. Both fail at a difference that is not explained here, and at an explanation that is not needed any more.
`;

/** Titles of the parts that a run writes and reads again. */
const RUN = 'What was run';
const LEFT_OUT = 'Left out, because they end differently from run to run without Pylatch';

const BEYOND = `## Seen in other files of the test suite

About 50 other files were tried once by hand, among them those of \`os\`, \`gc\`, \`sys\`, \`inspect\`, \`logging\`, \`traceback\`, \`tracemalloc\`, \`faulthandler\`, subinterpreters and executors. Two are different while breakpoints are set:

- \`test_pdb\`: a trace function that asks for opcodes (\`f_trace_opcodes\`) before \`sys.settrace\` gets none in a frame that runs already, as soon as any tool of \`sys.monitoring\` has a global event, and Pylatch needs one to see new code. So the program's own \`pdb.Pdb().set_trace()\` stops one line later. \`breakpoint()\` and \`pdb.set_trace()\` are not concerned.
- \`test_cprofile\` of 3.14 leaves profilers behind that are still on, and profiling ends for all when the garbage collector finds them. That comes a little earlier or later with Pylatch attached, which has objects of its own.
`;

/** What was seen of one file under one version, in all ways. */
export interface FileReport {
  tests: number;
  /** How many tests differ in at least one way, and why they may. */
  explained: number;
  /** Tests that differ by themselves, with how they ended. */
  unsteady: Map<string, string>;
}

/** By file, by version. */
export type Report = Map<string, Map<string, FileReport>>;

/** Writes what a run has shown; what it did not try stays as it was. */
export async function writeReport(files: string[], versions: string[], report: Report): Promise<void> {
  const before = readRows(RUN);
  const rows = files.map((file) => [
    file,
    ...versions.map((version, i) => cell(report.get(file)?.get(version)) ?? before.get(file)?.[i] ?? ''),
  ]);
  const parts = [
    HEAD,
    `## ${RUN}\n`,
    asTable(['file', ...versions], rows),
    '## Explained differences\n',
    asTable(['file', 'where', 'why'], EXPLANATIONS.map(explanationRow)),
    leftOut(unsteadyRows(report)),
    BEYOND,
  ];
  const options = { ...(await resolveConfig(FILE)), parser: 'markdown' };
  writeFileSync(FILE, await format(parts.join('\n'), options));
}

function cell(seen: FileReport | undefined): string | undefined {
  if (seen === undefined) return undefined;
  const { tests, explained } = seen;
  const left = seen.unsteady.size;
  const same = tests - explained - left;
  const rest = [
    ...(explained > 0 ? [`${explained} explained`] : []),
    ...(left > 0 ? [`${left} left out`] : []),
  ];
  return [`${tests} tests: ${same === tests ? 'all' : same} the same`, ...rest].join(', ');
}

function explanationRow({ file, versions, ways, reason }: Explanation): string[] {
  const where = [versions?.join(', ') ?? 'both versions', ways?.join(', ') ?? 'both ways'];
  return [file, where.join('; '), reason];
}

function leftOut(rows: string[][]): string {
  return rows.length > 0 ? `## ${LEFT_OUT}\n\n${asTable(['test', 'ends'], rows)}` : '';
}

function unsteadyRows(report: Report): string[][] {
  const tried = [...report].flatMap(([file, byVersion]) =>
    [...byVersion].map(([version, { unsteady }]) => ({ file, version, unsteady })),
  );
  const seen = tried.flatMap(({ version, unsteady }) =>
    [...unsteady].map(([test, ends]) => [`${test} (${version})`, ends]),
  );
  const isAnew = (name: string): boolean =>
    tried.some(({ file, version }) => name.startsWith(`test.${file}.`) && name.endsWith(`(${version})`));
  const kept = [...readRows(LEFT_OUT)].filter(([name]) => name.startsWith('test.') && !isAnew(name));
  return [...seen, ...kept.map(([name, [ends = '']]) => [name, ends])]
    .map(([name = '', ends = '']) => [escaped(name), ends])
    .sort();
}

/** The rows of one part of the committed file, by their first cell. */
function readRows(title: string): Map<string, string[]> {
  const part = text()
    .split('\n## ')
    .find((each) => each.startsWith(title));
  const rows = (part ?? '').split('\n').map(splitRow);
  return new Map(
    rows.filter(({ length }) => length > 0).map(([name = '', ...cells]) => [plain(name), cells]),
  );
}

function text(): string {
  try {
    return readFileSync(FILE, 'utf8');
  } catch {
    return '';
  }
}
