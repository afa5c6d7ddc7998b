// Fetches packages of the npm registry that are not installed here: those made for other systems.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = path.join(import.meta.dirname, '..');
const KEPT = path.join(ROOT, '.cache', 'npm');

/**
 * The folder of an unpacked package, kept in the cache.
 * @param {string} name
 * @param {string} version an exact one
 */
export async function npmPackage(name, version) {
  const kept = path.join(KEPT, `${name.replace('/', '+')}-${version}`);
  if (existsSync(kept)) return kept;
  await mkdir(KEPT, { recursive: true });
  const work = await mkdtemp(`${kept}-`);
  try {
    const args = ['pack', `${name}@${version}`, '--json', '--pack-destination', work];
    const { stdout } = await run('npm', args, { cwd: ROOT, shell: process.platform === 'win32' });
    await run('tar', ['-xzf', JSON.parse(stdout)[0].filename], { cwd: work });
    await keep(path.join(work, 'package'), kept);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return kept;
}

/** Somebody else may have been quicker. */
async function keep(from, kept) {
  await rename(from, kept).catch((error) => {
    if (!existsSync(kept)) throw error;
  });
}
