/** What a debugger adds to a program's own memory, and what stays. */
import { readFileSync } from 'node:fs';
import type { Target } from '../test/support/targets';
import type { Bench } from './bench';
import { delay, inTurns, note, withAdapter, withTarget } from './bench';
import { attach } from './dap';
import type { Figure } from './figures';
import { Pdb } from './tools';
import type { Tool } from './tools';

const SOURCE = `
import time

print('ready')
while True:
    time.sleep(0.02)
`;
const SETTLE_MS = 500;
const CYCLES = 50;

/** Samples of the memory added while attached and after detaching; of 50 times attaching, for ours. */
export async function measureMemory(bench: Bench): Promise<Figure[]> {
  const attached: Figure = {
    id: 'memory.attached',
    title: 'Memory added to a bare program, attached',
    unit: 'MB',
    bar: { kind: 'most', value: 2.5 },
    samples: {},
  };
  const detached: Figure = {
    id: 'memory.detached',
    title: 'Memory added to it, detached',
    unit: 'MB',
    samples: {},
  };
  const cycles: Figure = {
    id: 'memory.cycles',
    title: `More memory after ${CYCLES} times attaching and detaching than after once`,
    unit: 'MB',
    bar: { kind: 'most', value: 1 },
    samples: {},
  };
  const rounds = Math.min(3, bench.rounds);
  await inTurns(rounds, [bench.pylatch, bench.debugpy], async (tool) => {
    await withTarget({ python: bench.python, source: SOURCE }, async (target) => {
      const before = await settled(target);
      await cycle(tool, target, async () => note(attached, tool.name, (await settled(target)) - before));
      const once = await settled(target);
      note(detached, tool.name, once - before);
      if (tool !== bench.pylatch) return;
      for (let i = 1; i < CYCLES; i++) await cycle(tool, target, async () => undefined);
      note(cycles, tool.name, (await settled(target)) - once);
    });
    if (tool === bench.debugpy) await pdbSample(bench, attached, detached);
  });
  return [attached, detached, cycles];
}

async function cycle(tool: Tool, target: Target, whileAttached: () => Promise<void>): Promise<void> {
  await withAdapter(tool, async (session) => {
    await attach(session, target);
    await whileAttached();
    await session.detach();
  });
}

function pdbSample({ python }: Bench, attached: Figure, detached: Figure): Promise<void> {
  return withTarget({ python, source: SOURCE }, async (target) => {
    const before = await settled(target);
    const pdb = Pdb.start(python, target.pid);
    try {
      await pdb.prompt();
      note(attached, 'pdb', (await settled(target)) - before);
      await pdb.detach();
      note(detached, 'pdb', (await settled(target)) - before);
    } finally {
      await pdb.kill();
    }
  });
}

/** Anonymous memory of the target in MB, once it has come to rest. */
async function settled(target: Target): Promise<number> {
  await delay(SETTLE_MS);
  const rollup = readFileSync(`/proc/${target.pid}/smaps_rollup`, 'utf8');
  const kibibytes = /^Anonymous:\s+(\d+) kB$/m.exec(rollup)?.[1];
  if (kibibytes === undefined) throw new Error('this kernel does not tell anonymous memory');
  return (Number(kibibytes) * 1024) / 1e6;
}
