/** What breakpoints cost a program that does not hit them, and what a debugger that has gone still costs. */
import type { Target } from '../test/support/targets';
import { interpreters } from '../test/support/targets';
import type { Bench } from './bench';
import { delay, inTurns, note, withAdapter, withTarget } from './bench';
import type { LineBreakpoint } from './dap';
import { attach } from './dap';
import type { Figure } from './figures';
import { Page } from './page';
import type { Session, Tool } from './tools';

/** Nanoseconds per call in each phase: the fastest tenth's slowest turn, which a busy machine disturbs least. */
const SOURCE = `
import json, mmap, sys, time

clock = time.perf_counter_ns
shared = open(sys.argv[1], 'r+b')
page = mmap.mmap(shared.fileno(), 4096)
CALLS = 2000

def step(i):
    if i < 0:
        i = 0  #@never
    i += 1  #@hot
    return i

def elsewhere():
    return 1  #@elsewhere

def turn():
    begin = clock()
    for i in range(CALLS):
        step(i)
    return (clock() - begin) / CALLS

def main():
    phases = {1: [], 2: [], 3: []}
    while page[0] != 4:
        phase = page[0]
        taken = turn()
        if phase in phases and phase == page[0]:
            phases[phase].append(taken)
    print('report' + json.dumps([sorted(p)[len(p) // 10] for p in phases.values()]) + '.')

print('ready')
main()
`;
const PHASE = 0;
const WARM_UP_MS = 300;

interface Kind {
  breakpoints: LineBreakpoint[];
  during: Figure;
  after?: Figure;
  /** Nanoseconds of one hit instead of a ratio. */
  perHit?: boolean;
  /** Another interpreter than that of the whole run, which debugpy is not made for. */
  python?: string;
}

/** Samples of the loop's speed with a breakpoint, and after detaching, against the same process before. */
export async function measureHot(bench: Bench): Promise<Figure[]> {
  const windowMs = bench.rounds < 5 ? 400 : 1000;
  const kinds = [...makeKinds(), ...(await makeOtherKinds())];
  for (const kind of kinds) {
    const tools = kind.python === undefined ? [bench.pylatch, bench.debugpy] : [bench.pylatch];
    await inTurns(bench.rounds, tools, async (tool) => {
      await sample(bench, tool, kind, windowMs);
      // The same without a debugger shows how far two measurements of one program are apart.
      if (tool === bench.debugpy && kind.after !== undefined) await controlSample(bench, kind, windowMs);
    });
  }
  return kinds.flatMap(({ during, after }) => (after === undefined ? [during] : [during, after]));
}

function makeKinds(): Kind[] {
  const bar = { kind: 'near', value: 1, by: 0.02 } as const;
  return [
    {
      breakpoints: [{ marker: 'elsewhere' }],
      during: {
        id: 'hot.elsewhere',
        title: 'Hot loop with a breakpoint elsewhere in the file, to without',
        unit: 'x',
        bar,
        samples: {},
      },
      after: { id: 'hot.after', title: 'Hot loop after detach, to before', unit: 'x', bar, samples: {} },
    },
    {
      breakpoints: [{ marker: 'never' }],
      during: {
        id: 'hot.never',
        title: 'Hot loop with a breakpoint on a line of it that never runs, to without',
        unit: 'x',
        samples: {},
      },
    },
    ...makeHitKinds(),
  ];
}

/** @param version that the ids and titles tell: '' for that of the whole run */
function makeHitKinds(version = ''): Kind[] {
  const id = version && `.${version}`;
  const where = version && ` on ${version}`;
  return [
    {
      breakpoints: [{ marker: 'hot', condition: 'i < 0' }],
      perHit: true,
      during: {
        id: `hot.condition${id}`,
        title: `One hit of a breakpoint whose condition is false${where}`,
        unit: 'ns',
        bar: { kind: 'most', value: 300 },
        samples: {},
      },
    },
    {
      breakpoints: [{ marker: 'hot', hitCondition: '1000000000' }],
      perHit: true,
      during: {
        id: `hot.count${id}`,
        title: `One hit of a breakpoint whose hit count is not reached${where}`,
        unit: 'ns',
        bar: { kind: 'most', value: 150 },
        samples: {},
      },
    },
  ];
}

/** The cost of a hit on the newest Python. */
async function makeOtherKinds(): Promise<Kind[]> {
  const newest = (await interpreters()).filter(({ version }) => version === '3.15');
  return newest.flatMap(({ version, path }) =>
    makeHitKinds(version).map((kind) => ({ ...kind, python: path })),
  );
}

async function sample(bench: Bench, tool: Tool, kind: Kind, windowMs: number): Promise<void> {
  await withPagedTarget(kind.python ?? bench.python, (target, page) =>
    withAdapter(tool, async (session) => {
      if (kind.perHit === true && !(await hasConditions(session))) return;
      await window(page, 1, windowMs);
      await attach(session, target, kind.breakpoints);
      await window(page, 2, windowMs);
      await session.detach();
      await window(page, 3, windowMs);
      await noteReport(target, page, tool.name, kind);
    }),
  );
}

async function controlSample(bench: Bench, kind: Kind, windowMs: number): Promise<void> {
  await withPagedTarget(bench.python, async (target, page) => {
    for (const phase of [1, 2, 3]) await window(page, phase, windowMs);
    await noteReport(target, page, 'none', kind);
  });
}

async function withPagedTarget(
  python: string,
  use: (target: Target, page: Page) => Promise<void>,
): Promise<void> {
  const page = new Page();
  try {
    await withTarget({ python, source: SOURCE, args: [page.file] }, (target) => use(target, page));
  } finally {
    page.close();
  }
}

async function window(page: Page, phase: number, windowMs: number): Promise<void> {
  await delay(WARM_UP_MS);
  page.writeByte(PHASE, phase);
  await delay(windowMs);
  page.writeByte(PHASE, 0);
}

async function noteReport(target: Target, page: Page, tool: Tool['name'], kind: Kind): Promise<void> {
  page.writeByte(PHASE, 4);
  await target.waitFor('].', 20_000);
  const numbers = JSON.parse(/report(.*)\.$/m.exec(target.output())![1]!) as [number, number, number];
  const [before, during, after] = numbers;
  note(kind.during, tool, kind.perHit === true ? during - before : during / before);
  if (kind.after !== undefined) note(kind.after, tool, after / before);
}

async function hasConditions(session: Session): Promise<boolean> {
  const capabilities = (await session.initialized) as { supportsConditionalBreakpoints?: boolean };
  return capabilities.supportsConditionalBreakpoints === true;
}
