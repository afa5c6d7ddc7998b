// npm run bench [-- --quick] [-- --only attach,step]: measures Pylatch beside debugpy and pdb, on this machine, in one run.
// Builds what users get, finds the interpreters, and leaves the rest to bench/main.ts.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { build } from './build.mjs';
import { findExtra } from './interpreters.mjs';

const ROOT = path.join(import.meta.dirname, '..');
const DIST = path.join(ROOT, '.cache/bench-dist');

await build({ outdir: DIST, production: true });
// One interpreter for every target, so that the tools meet the same conditions: the one that debugpy is made for.
const python = path.join(await findExtra('debugpy'), 'usr/bin/python3.14');
const child = spawn(
  process.execPath,
  ['--import', 'tsx', 'bench/main.ts', '--dist', DIST, '--python', python, ...process.argv.slice(2)],
  { cwd: ROOT, stdio: 'inherit' },
);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.once('exit', (code) => (process.exitCode = code ?? 1));
