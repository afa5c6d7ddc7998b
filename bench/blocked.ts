/** How long attaching takes when the program waits in the system, and nothing makes it come back by itself. */
import type { Bench } from './bench';
import { delay, inTurns, note, timed, withAdapter, withTarget } from './bench';
import { attach } from './dap';
import type { Figure } from './figures';
import type { Tool } from './tools';

const WAITS: readonly { id: string; title: string; source: string }[] = [
  { id: 'sleep', title: 'time.sleep(1000)', source: `import time\nprint('ready')\ntime.sleep(1000)` },
  {
    id: 'accept',
    title: 'socket.accept()',
    source: `import socket\ns = socket.create_server(('127.0.0.1', 0))\nprint('ready')\ns.accept()`,
  },
  {
    id: 'asyncio',
    title: 'an idle asyncio loop',
    source: `import asyncio\nprint('ready')\nasyncio.run(asyncio.Event().wait())`,
  },
  { id: 'read', title: 'reading standard input', source: `import sys\nprint('ready')\nsys.stdin.readline()` },
  {
    id: 'lock',
    title: 'a lock, in the main thread',
    source: `import threading\nprint('ready')\nthreading.Event().wait()`,
  },
];
/** Until the program really waits. */
const ASLEEP_MS = 300;
/** debugpy's own limit is a minute. */
const LIMIT_MS = 5000;

/** Samples of attaching to each kind of wait. debugpy gets one try for each, and few seconds. */
export async function measureBlocked(bench: Bench): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const { id, title, source } of WAITS) {
    const figure: Figure = {
      id: `blocked.${id}`,
      title: `Attach to a program blocked in ${title}`,
      unit: 'ms',
      bar: { kind: 'most', value: 100 },
      samples: {},
    };
    await inTurns(bench.rounds, [bench.pylatch], (tool) => sample(bench, tool, source, figure));
    await sample(bench, bench.debugpy, source, figure);
    figures.push(figure);
  }
  return figures;
}

async function sample({ python }: Bench, tool: Tool, source: string, figure: Figure): Promise<void> {
  await withTarget({ python, source }, async (target) => {
    await delay(ASLEEP_MS);
    await withAdapter(tool, async (session) => {
      const attached = timed(() => attach(session, target)).catch((error: Error) => error);
      const taken = await Promise.race([attached, delay(LIMIT_MS)]);
      if (taken instanceof Error) throw taken;
      note(figure, tool.name, taken ?? LIMIT_MS);
      if (taken === undefined) figure.unfinished = [...(figure.unfinished ?? []), tool.name];
    });
  });
}
