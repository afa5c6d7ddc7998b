// npm run package [-- --target linux-x64 ...] [--out FOLDER]: packs the extension for each target, this machine's by
// default, as pylatch-<version>-<target>.vsix.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { addonName, build, TARGETS } from './build.mjs';
import { npmPackage } from './npm-package.mjs';

const run = promisify(execFile);
const ROOT = path.join(import.meta.dirname, '..');
const CACHE = path.join(ROOT, '.cache');
const FILES = ['package.json', 'README.md', 'CHANGELOG.md', 'LICENSE', 'media', '.vscodeignore'];

const { values } = parseArgs({
  options: {
    target: { type: 'string', multiple: true, default: [`${process.platform}-${process.arch}`] },
    out: { type: 'string', default: '.' },
  },
});
const manifest = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8'));
try {
  for (const target of values.target) console.log(await pack(target));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

/** Packs from a folder of its own: dist/ stays what it is, and nothing of an earlier build gets in. */
async function pack(target) {
  if (!TARGETS.includes(target))
    throw new Error(`No such target: ${target}. There are: ${TARGETS.join(', ')}.`);
  const file = path.resolve(values.out, `pylatch-${manifest.version}-${target}.vsix`);
  await mkdir(CACHE, { recursive: true });
  const stage = await mkdtemp(path.join(CACHE, 'package-'));
  try {
    for (const name of FILES.filter((each) => existsSync(path.join(ROOT, each)))) {
      await cp(path.join(ROOT, name), path.join(stage, name), { recursive: true });
    }
    await dropDrawings(path.join(stage, 'README.md'));
    await build({ outdir: path.join(stage, 'dist'), production: true, addon: await addon(target) });
    // The readme's pictures are in the package, so their links have to stay relative.
    const keepLinks = '--no-rewrite-relative-links';
    await vsce(stage, ['package', '--no-dependencies', keepLinks, '--target', target, '-o', file]);
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
  return file;
}

/** Extension galleries refuse readmes with SVG pictures. */
async function dropDrawings(readme) {
  const text = await readFile(readme, 'utf8');
  await writeFile(readme, text.replace(/^!\[.*\]\(.*\.svg\)\n+/gm, ''));
}

async function vsce(cwd, args) {
  const main = path.join(ROOT, 'node_modules/@vscode/vsce/vsce');
  await run(process.execPath, [main, ...args], { cwd }).catch((error) => {
    throw new Error(`vsce failed:\n${error.stdout}${error.stderr}`);
  });
}

/** Folder of koffi's addon for a target; npm has installed only the one for this machine. */
async function addon(target) {
  const name = addonName(target);
  const installed = path.join(ROOT, 'node_modules/@koromix', name);
  return existsSync(installed) ? installed : npmPackage(`@koromix/${name}`, manifest.dependencies.koffi);
}
