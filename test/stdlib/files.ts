/** The test files of the standard library that are run, and where their breakpoints that never hit are. */
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** One test file, or a variant of it. */
export interface TestFile {
  /** As reports show it. */
  title: string;
  /** A module below `test`. */
  module: string;
  /** Chooses the tests of the ordinary run, as `-m` of regrtest does; all where it is absent. */
  quick?: string[];
  /** Left out of the ordinary run. */
  slow?: boolean;
  /** Texts of the file, each with what is put in its place. */
  edits?: [string, string][];
}

/**
 * `test_monitoring` insists on the ids 2, 3 and 4 of `sys.monitoring`, and that no tool has any event on. With ids that
 * are free, and asking for the events of its own tools alone, it shows whether our tools disturb those of others.
 */
const OTHER_IDS: [string, string][] = [
  ['TEST_TOOL2 = 3\nTEST_TOOL3 = 4\n', 'TEST_TOOL2 = 5\nTEST_TOOL3 = 1\n'],
  ['for tool in range(6):', 'for tool in (1, 2, 5):'],
  [
    'sys.monitoring._all_events()',
    '{name: tools & 0b100110 for name, tools in sys.monitoring._all_events().items() if tools & 0b100110}',
  ],
];

const FILES: TestFile[] = [
  whole('test_threading', { quick: ['ThreadTests', 'ThreadJoinOnShutdown', 'LockTests'] }),
  whole('test_subprocess', { slow: true }),
  whole('test_signal', { quick: ['GenericTests', 'PosixTests', 'WakeupSignalTests', 'ItimerTest'] }),
  whole('test_generators'),
  whole('test_coroutines'),
  whole('test_contextlib'),
  whole('test_contextlib_async'),
  whole('test_socket', { slow: true }),
  whole('test_sys_settrace'),
  whole('test_monitoring'),
  { title: 'test_monitoring, with other ids', module: 'test_monitoring', edits: OTHER_IDS },
];

const QUICK_ASYNCIO = ['test_context', 'test_pep492', 'test_runners', 'test_locks', 'test_timeouts'];

function whole(module: string, rest: Partial<TestFile> = {}): TestFile {
  return { title: module, module, ...rest };
}

/**
 * All files; those of the package `test_asyncio` one by one, but for those of Windows.
 * @param library the folder of the standard library
 */
export function testFiles(library: string): TestFile[] {
  const names = readdirSync(join(library, 'test', 'test_asyncio'))
    .filter((file) => /^test_(?!windows_).*\.py$/.test(file))
    .map((file) => file.slice(0, -'.py'.length))
    .sort();
  const asyncio = names.map((name) => whole(`test_asyncio.${name}`, { slow: !QUICK_ASYNCIO.includes(name) }));
  return [...FILES, ...asyncio];
}

/** Lines of one source file. */
export interface Lines {
  path: string;
  lines: number[];
}

/**
 * Where no run of the tests comes by, in functions that every run calls all the time: the line on which a match ends.
 * (The selectors' handler is idle since Python itself tries again when a system call is interrupted.)
 */
const IN_LIBRARY: [string, RegExp][] = [
  ['unittest/case.py', /except KeyboardInterrupt:\n +raise\n/g],
  ['threading.py', /if self\._daemonic and _sys is None:\n +return\n/g],
  ['selectors.py', /except InterruptedError:\n +return ready\n/g],
];

/** Lines of a test file that only a failing test reaches, or only one that is run as a program. */
const IN_TESTS = /\n +(self\.fail\(.*|unittest\.main\(\)|line = 2\n +line = 3\n +except:\n +line = 5)\n/g;

/** Prints the numbers of the lines of a file that have code: there is none behind an endless loop, say. */
const WITH_CODE = `
import sys
def lines(code):
    yield from (line for _, _, line in code.co_lines())
    for inner in code.co_consts:
        if hasattr(inner, 'co_lines'):
            yield from lines(inner)
with open(sys.argv[1], 'rb') as file:
    print(*set(lines(compile(file.read(), '', 'exec'))) - {None})
`;

/**
 * Where breakpoints never hit: in the test file itself, where it has such a line, and in modules that it uses.
 * @param python the interpreter of this library
 */
export async function neverHit(python: string, library: string, module: string): Promise<Lines[]> {
  const own: [string, RegExp] = [`test/${module.replaceAll('.', '/')}.py`, IN_TESTS];
  const spots = [own, ...IN_LIBRARY].map(([file, fits]) => linesOf(python, join(library, file), fits));
  return (await Promise.all(spots)).filter(({ lines }) => lines.length > 0);
}

async function linesOf(python: string, path: string, fits: RegExp): Promise<Lines> {
  const text = await readFile(path, 'utf8');
  const ends = [...text.matchAll(fits)].map((match) => match.index + match[0].length);
  const { stdout } = await promisify(execFile)(python, ['-W', 'ignore', '-c', WITH_CODE, path]);
  const withCode = new Set(stdout.trim().split(' ').map(Number));
  const lines = ends.map((end) => text.slice(0, end).split('\n').length - 1);
  return { path, lines: lines.filter((line) => withCode.has(line)) };
}
