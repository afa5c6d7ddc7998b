/** How long a program that never rests stands still while a debugger attaches. */
import type { Bench } from './bench';
import { delay, inTurns, note, withAdapter, withTarget } from './bench';
import type { LineBreakpoint } from './dap';
import { attach } from './dap';
import type { Figure } from './figures';
import { Page } from './page';
import type { Tool } from './tools';

/** Keeps the largest gap between two readings of the clock, and the sum of those that are no noise, in the page. */
const SOURCE = `
import mmap, struct, sys, time

clock = time.perf_counter_ns
shared = open(sys.argv[1], 'r+b')
page = mmap.mmap(shared.fileno(), 4096)
put = struct.Struct('qq').pack_into

def elsewhere():
    return 1  #@elsewhere

def busy():
    worst = total = 0
    last = clock()
    while True:
        now = clock()
        gap = now - last
        if gap > 200_000:
            total += gap
            worst = max(worst, gap)
            put(page, 0, worst, total)
            now = clock()
        if page[16]:
            worst = total = 0
            put(page, 0, 0, 0)
            page[16] = 0
            now = clock()
        last = now

print('ready')
busy()
`;
const [WORST, TOTAL, RESET] = [0, 8, 16];
/** Attaching goes on a little after its answer. */
const AFTER_MS = 300;
const BASELINE_MS = 1000;
const BAR = { kind: 'most', value: 5 } as const;

interface Kind {
  figure: Figure;
  total: Figure;
  breakpoints: LineBreakpoint[];
}

/** Samples of the longest gap while attaching, and of the gaps' sum. */
export async function measureStall(bench: Bench): Promise<Figure[]> {
  const kinds = [
    kind('stall.attach', 'attaching', []),
    kind('stall.breakpoint', 'attaching with a breakpoint elsewhere', [{ marker: 'elsewhere' }]),
  ];
  for (const each of kinds) {
    await inTurns(bench.rounds, [bench.pylatch, bench.debugpy], (tool) => sample(bench, tool, each));
  }
  return kinds.flatMap(({ figure, total }) => [figure, total]);
}

function kind(id: string, what: string, breakpoints: LineBreakpoint[]): Kind {
  return {
    breakpoints,
    figure: {
      id,
      title: `Longest stall of a busy loop, ${what}`,
      unit: 'ms',
      bar: BAR,
      samples: {},
      note: `none: ${BASELINE_MS / 1000} s of the same loop without a debugger`,
    },
    total: {
      id: `${id}.total`,
      title: `All its stalls over 0.2 ms together, ${what}`,
      unit: 'ms',
      samples: {},
    },
  };
}

async function sample({ python }: Bench, tool: Tool, { figure, total, breakpoints }: Kind): Promise<void> {
  const page = new Page();
  try {
    await withTarget({ python, source: SOURCE, args: [page.file] }, (target) =>
      withAdapter(tool, async (session) => {
        await reset(page);
        await delay(BASELINE_MS);
        noteGaps(page, 'none', figure, total);
        await reset(page);
        await attach(session, target, breakpoints);
        await delay(AFTER_MS);
        noteGaps(page, tool.name, figure, total);
      }),
    );
  } finally {
    page.close();
  }
}

async function reset(page: Page): Promise<void> {
  page.writeByte(RESET, 1);
  while (page.readByte(RESET) !== 0) await delay(1);
}

function noteGaps(page: Page, tool: Tool['name'], worst: Figure, total: Figure): void {
  note(worst, tool, page.read(WORST) / 1e6);
  note(total, tool, page.read(TOTAL) / 1e6);
}
