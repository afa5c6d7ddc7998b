/** From nothing, or from an adapter that is up, to a stopped program whose stack and locals are read. */
import type { Bench } from './bench';
import { inTurns, note, timed, withAdapter, withTarget } from './bench';
import { attach, inspect, stopped } from './dap';
import type { Figure } from './figures';
import { Pdb, Session } from './tools';
import type { Tool } from './tools';

const SOURCE = `
import time

def work(n):
    label = f'item {n}'
    return label  #@work

print('ready')
n = 0
while True:
    n += 1
    work(n)
    time.sleep(0.001)
`;

/** Samples of attaching. */
export async function measureAttach(bench: Bench): Promise<Figure[]> {
  const cold: Figure = {
    id: 'attach.cold',
    title: 'Start of the adapter to stopped, stack and locals read',
    unit: 'ms',
    bar: { kind: 'part', value: 0.1 },
    samples: {},
    note: 'pdb: to its prompt',
  };
  const warm: Figure = {
    id: 'attach.warm',
    title: 'The same, adapter already up',
    unit: 'ms',
    bar: { kind: 'part', value: 0.1 },
    samples: {},
  };
  await inTurns(bench.rounds, [bench.pylatch, bench.debugpy], async (tool) => {
    note(cold, tool.name, await coldSample(bench, tool));
    note(warm, tool.name, await warmSample(bench, tool));
    if (tool === bench.debugpy) note(cold, 'pdb', await pdbSample(bench));
  });
  return [cold, warm];
}

function coldSample({ python }: Bench, tool: Tool): Promise<number> {
  return withTarget({ python, source: SOURCE }, async (target) => {
    const started = performance.now();
    const session = Session.start(tool);
    try {
      await session.initialize();
      await attachAndInspect(session, target);
      return performance.now() - started;
    } finally {
      await session.kill();
    }
  });
}

function warmSample({ python }: Bench, tool: Tool): Promise<number> {
  return withTarget({ python, source: SOURCE }, (target) =>
    withAdapter(tool, (session) => timed(() => attachAndInspect(session, target))),
  );
}

async function attachAndInspect(session: Session, target: Parameters<typeof attach>[1]): Promise<void> {
  await attach(session, target, [{ marker: 'work' }]);
  await inspect(session, await stopped(session));
}

function pdbSample({ python }: Bench): Promise<number> {
  return withTarget({ python, source: SOURCE }, async (target) => {
    const started = performance.now();
    const pdb = Pdb.start(python, target.pid);
    try {
      await pdb.prompt();
      return performance.now() - started;
    } finally {
      await pdb.kill();
    }
  });
}
