// Packages of npm that are made for another system than this one, unpacked into `.cache/`: npm itself would not
// install them here.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = path.join(import.meta.dirname, '..');
const CACHE = path.join(ROOT, '.cache', 'packages');

/**
 * Fetches a package with its exact version; a later call finds it there at once.
 * @param {string} name for example `@koromix/koffi-win32-x64`
 * @param {string} version
 * @returns {Promise<string>} the folder with its package.json
 */
export async function fetchPackage(name, version) {
  const kept = path.join(CACHE, `${name.replace('/', '+')}@${version}`);
  if (existsSync(kept)) return kept;
  await mkdir(CACHE, { recursive: true });
  const work = await mkdtemp(`${kept}-`);
  try {
    const args = ['pack', `${name}@${version}`, '--json', '--pack-destination', work];
    const { stdout } = await run('npm', args, { cwd: ROOT, shell: process.platform === 'win32' });
    await run('tar', ['-xzf', JSON.parse(stdout)[0].filename], { cwd: work });
    // Somebody else may have been faster.
    await rename(path.join(work, 'package'), kept).catch((error) => {
      if (!existsSync(kept)) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return kept;
}
