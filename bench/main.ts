/** Runs the measurements and reports them. Started by scripts/bench.mjs. */
import { parseArgs } from 'node:util';
import { measureAttach } from './attach';
import type { Bench, Measurement } from './bench';
import type { Figure } from './figures';
import { measureMemory } from './memory';
import { measureResidue } from './residue';
import { measureHot } from './hot';
import { measureBlocked } from './blocked';
import { measureList } from './list';
import { printTable, writeResults } from './report';
import { measureStall } from './stall';
import { measureStep } from './step';
import { debugpyTool, nodelayTool, pylatchTool } from './tools';

const MEASUREMENTS: Record<string, Measurement> = {
  attach: measureAttach,
  stall: measureStall,
  step: measureStep,
  memory: measureMemory,
  residue: measureResidue,
  hot: measureHot,
  blocked: measureBlocked,
  list: measureList,
};

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      dist: { type: 'string', default: 'dist' },
      python: { type: 'string', default: '' },
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
    },
  });
  const names = values.only?.split(',') ?? Object.keys(MEASUREMENTS);
  const unknown = names.filter((name) => !(name in MEASUREMENTS));
  if (unknown.length > 0) {
    console.error(
      `No such measurement: ${unknown.join(', ')}. There are: ${Object.keys(MEASUREMENTS).join(', ')}.`,
    );
    return 2;
  }
  const { python, dist, quick } = values;
  const bench: Bench = {
    python,
    dist,
    pylatch: pylatchTool(dist),
    debugpy: debugpyTool(python),
    nodelay: nodelayTool(python),
    rounds: quick ? 2 : 7,
    steps: quick ? 40 : 200,
  };
  const figures: Figure[] = [];
  for (const name of names) {
    const some = await run(name, bench);
    printTable(some);
    figures.push(...some);
  }
  if (values.only === undefined && !quick) await writeResults(figures, python);
  return 0;
}

async function run(name: string, bench: Bench): Promise<Figure[]> {
  const started = performance.now();
  process.stderr.write(`bench: ${name} ...`);
  const figures = await MEASUREMENTS[name]!(bench);
  process.stderr.write(` ${((performance.now() - started) / 1000).toFixed(0)} s\n`);
  return figures;
}

// Adapters are process groups of their own, so nothing may hold this process when all is said.
void main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
