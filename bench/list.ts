/** What listing the Python processes costs, for each thousand processes that there are. */
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Bench } from './bench';
import { delay, note } from './bench';
import type { Figure } from './figures';
import { median } from './figures';

const OTHERS = 540;
const PYTHONS = 60;
const SETTLE_MS = 2000;

/** CPU seconds of a command, by the kernel's account of ended children. */
const CPU = `
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(usage.ru_utime + usage.ru_stime)
`;

/** Samples of `pylatch ps` with and without 600 more processes, one in ten of them Python. */
export async function measureList(bench: Bench): Promise<Figure[]> {
  const each: Figure = {
    id: 'list.thousand',
    title: 'CPU time of listing 1,000 processes more',
    unit: 'ms',
    bar: { kind: 'most', value: 50 },
    samples: {},
    note: `from ${OTHERS + PYTHONS} more processes, ${PYTHONS} of them Python`,
  };
  const total: Figure = {
    id: 'list.command',
    title: 'CPU time of one "pylatch ps", the start of Node.js included',
    unit: 'ms',
    samples: {},
  };
  const rounds = 2 * bench.rounds;
  const without: number[] = [];
  for (let i = 0; i < rounds; i++) without.push(await cpuOfListing(bench));
  const base = median(without);
  await withProcesses(bench.python, async () => {
    for (let i = 0; i < rounds; i++) {
      const cpu = await cpuOfListing(bench);
      note(total, 'pylatch', cpu);
      note(each, 'pylatch', ((cpu - base) / (OTHERS + PYTHONS)) * 1000);
    }
  });
  return [each, total];
}

async function cpuOfListing({ python, dist }: Bench): Promise<number> {
  const command = [process.execPath, join(dist, 'cli.js'), 'ps', '--json'];
  const { stdout } = await promisify(execFile)(python, ['-c', CPU, ...command]);
  return Number(stdout) * 1000;
}

async function withProcesses(python: string, use: () => Promise<void>): Promise<void> {
  const start = (command: string, args: string[]): ChildProcess => spawn(command, args, { stdio: 'ignore' });
  const children = [
    ...Array.from({ length: OTHERS }, () => start('sleep', ['600'])),
    ...Array.from({ length: PYTHONS }, () => start(python, ['-S', '-c', 'import time; time.sleep(600)'])),
  ];
  try {
    await delay(SETTLE_MS);
    await use();
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
}
