/** How long a step takes, with the requests following each other as an editor sends them. */
import type { Target } from '../test/support/targets';
import { startTarget } from '../test/support/targets';
import type { Bench } from './bench';
import { inTurns, note, timed, withAdapter } from './bench';
import { attach, inspect, next, setBreakpoints, stopped } from './dap';
import type { Figure } from './figures';
import type { Session, Tool } from './tools';

const LOOP = `
def main():
    a = b = c = 0
    while True:
        a = a + 1  #@first
        b = a + 2
        c = a + b
        a = a - 1
        b = 3
        c = 4

print('ready')
main()
`;
const SLEEPERS = `
import threading, time

def sleeper():
    while True:
        time.sleep(0.2)

for _ in range(3):
    threading.Thread(target=sleeper, daemon=True).start()
${LOOP}`;

/** Steps of one tool before it is the next one's turn. */
const BATCH = 20;

/** Samples of stepping in a program with one thread, and in one with four. */
export async function measureStep(bench: Bench): Promise<Figure[]> {
  const alone = figures('step', 'next to stopped', 1, 1.5);
  const threads = figures('step.threads', 'next to stopped, 3 more threads', 1, 1.5);
  await measure(bench, LOOP, alone);
  await measure(bench, SLEEPERS, threads);
  return [...alone, ...threads];
}

function figures(id: string, title: string, bar: number, fullBar: number): [Figure, Figure] {
  return [
    { id, title, unit: 'ms', bar: { kind: 'most', value: bar }, samples: {} },
    {
      id: `${id}.inspected`,
      title: `${title}, stack, scopes and locals read`,
      unit: 'ms',
      bar: { kind: 'most', value: fullBar },
      samples: {},
    },
  ];
}

interface Stepper {
  tool: Tool;
  session: Session;
  threadId: number;
}

async function measure(bench: Bench, source: string, [plain, full]: [Figure, Figure]): Promise<void> {
  const rounds = Math.ceil(bench.steps / BATCH);
  await withSteppers(bench, source, [bench.pylatch, bench.debugpy, bench.nodelay], async (steppers) => {
    await inTurns(rounds, steppers, async ({ tool, session, threadId }) => {
      for (let i = 0; i < BATCH; i++) note(plain, tool.name, await timed(() => next(session, threadId)));
      for (let i = 0; i < BATCH; i++) {
        const step = (): Promise<void> => next(session, threadId).then(() => inspect(session, threadId));
        note(full, tool.name, await timed(step));
      }
    });
  });
}

/** Runs with one stopped program for each tool, all at the same time. */
async function withSteppers(
  bench: Bench,
  source: string,
  tools: Tool[],
  use: (steppers: Stepper[]) => Promise<void>,
): Promise<void> {
  const [tool, ...others] = tools;
  if (tool === undefined) return use([]);
  const target = await startTarget({ python: bench.python, source, env: tool.env });
  try {
    await target.waitFor('ready');
    await withAdapter(tool, async (session) => {
      const threadId = await stopInLoop(session, target);
      await withSteppers(bench, source, others, (more) => use([{ tool, session, threadId }, ...more]));
    });
  } finally {
    await target.stop();
  }
}

async function stopInLoop(session: Session, target: Target): Promise<number> {
  await attach(session, target, [{ marker: 'first' }]);
  const threadId = await stopped(session);
  await setBreakpoints(session, target, []);
  return threadId;
}
