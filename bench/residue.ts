/** What is left in a program after a debugger has gone, as the program itself sees it. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Target } from '../test/support/targets';
import type { Bench } from './bench';
import { delay, inTurns, note, withAdapter, withTarget } from './bench';
import { attach, stopped } from './dap';
import type { Figure } from './figures';
import { Pdb } from './tools';
import type { Tool } from './tools';

/** Everything that the program needs for looking at itself is there before the first look. */
const SOURCE = `
import _posixsubprocess, builtins, json, os, sys, threading, time

WATCHED = [
    (os, 'fork'), (_posixsubprocess, 'fork_exec'), (sys, 'breakpointhook'), (sys, 'excepthook'),
    (sys, 'unraisablehook'), (sys, 'displayhook'), (threading, 'excepthook'), (builtins, '__import__'),
    (builtins, 'open'), (builtins, 'print'), (sys, 'stdout'), (sys, 'stderr'), (sys, 'exit'), (os, '_exit'),
    (os, 'execv'), (os, 'execve'), (os, 'posix_spawn'), (time, 'sleep'), (threading.Thread, 'start'),
]

def look():
    return {
        'modules': sorted(sys.modules),
        'tools': [n for n in range(6) if sys.monitoring.get_tool(n)],
        'threads': os.listdir('/proc/self/task'),
        'descriptors': os.listdir('/proc/self/fd'),
        'variables': sorted(os.environ),
        'functions': [id(getattr(*each)) for each in WATCHED],
        'traced': [sys.gettrace() is not None, sys.getprofile() is not None, hasattr(sys, '__pylatch__')],
    }

def more(before, after):
    return [each for each in after if each not in before]

def work(n):
    return n + 1  #@work

before = look()
print('ready')
n = 0
while not os.path.exists(sys.argv[1]):
    n = work(n)
    time.sleep(0.005)
after = look()
report = {key: more(before[key], after[key]) for key in before if key not in ('functions', 'traced')}
report['functions'] = [
    f'{getattr(place, "__name__", place)}.{name}' for (place, name), was, now in
    zip(WATCHED, before['functions'], after['functions']) if was != now
]
report['traced'] = [name for name, left in zip(('trace', 'profile', 'sys attribute'), after['traced']) if left]
print('report' + json.dumps(report) + '.')
`;
const SETTLE_MS = 500;

/** The parts of the report, and what they are called. */
const PARTS = {
  modules: 'modules',
  tools: 'sys.monitoring tools',
  threads: 'threads',
  descriptors: 'descriptors',
  variables: 'environment variables',
  functions: 'replaced functions',
  traced: 'trace functions and attributes',
  files: 'files in the temporary folder',
} as const;
type Part = keyof typeof PARTS;
type Residue = Record<Part, unknown[]>;

/** One sample of each kind of residue, after a breakpoint was hit. */
export async function measureResidue(bench: Bench): Promise<Figure[]> {
  const figures = Object.fromEntries(
    Object.entries(PARTS).map(([part, title]) => [part, figure(part, title)]),
  ) as Record<Part, Figure>;
  const noteAll = (name: Tool['name'], residue: Residue): void => {
    for (const part of Object.keys(PARTS) as Part[]) note(figures[part], name, residue[part].length);
  };
  await inTurns(1, [bench.pylatch, bench.debugpy], async (tool) => {
    noteAll(tool.name, await lookAfter(bench, (target) => visit(tool, target)));
  });
  figures.functions.note =
    'Pylatch also leaves three empty at-fork hooks: CPython has no way to take them back';
  noteAll('pdb', await lookAfter(bench, (target) => visitByPdb(bench, target)));
  return Object.values(figures);
}

function figure(part: string, title: string): Figure {
  return {
    id: `residue.${part}`,
    title: `Left after detach: ${title}`,
    unit: 'count',
    bar: { kind: 'most', value: 0 },
    samples: {},
  };
}

async function lookAfter(bench: Bench, visitor: (target: Target) => Promise<void>): Promise<Residue> {
  const folder = mkdtempSync(join(tmpdir(), 'residue-'));
  const temporary = join(folder, 'tmp');
  mkdirSync(temporary);
  const end = join(folder, 'end');
  const options = { python: bench.python, source: SOURCE, args: [end], env: { TMPDIR: temporary } };
  try {
    return await withTarget(options, async (target) => {
      await visitor(target);
      await delay(SETTLE_MS);
      writeFileSync(end, '');
      await target.waitFor('}.');
      const report = /report(.*)\.$/m.exec(target.output())![1]!;
      return { ...(JSON.parse(report) as Residue), files: readdirSync(temporary) };
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function visit(tool: Tool, target: Target): Promise<void> {
  await withAdapter(tool, async (session) => {
    await attach(session, target, [{ marker: 'work' }]);
    await stopped(session);
    await session.detach();
  });
}

async function visitByPdb({ python }: Bench, target: Target): Promise<void> {
  const pdb = Pdb.start(python, target.pid);
  try {
    await pdb.prompt();
    await pdb.detach();
  } finally {
    await pdb.kill();
  }
}
