// Builds dist/: the bundles of the extension, the adapter and the command line, koffi's addon, and the agent.
import { execFile } from 'node:child_process';
import { chmod, copyFile, cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import * as esbuild from 'esbuild';
import { findInterpreters } from './interpreters.mjs';

const run = promisify(execFile);
const ROOT = path.join(import.meta.dirname, '..');
const AGENT = path.join(ROOT, 'src/agent');
const ENTRIES = {
  extension: 'src/extension.ts',
  adapter: 'src/adapter/main.ts',
  cli: 'src/cli.ts',
};

/** Systems and processors in Visual Studio Code's words that a package is made for; koffi uses the same words. */
export const TARGETS = [
  'linux-x64',
  'linux-arm64',
  'alpine-x64',
  'alpine-arm64',
  'darwin-x64',
  'darwin-arm64',
  'win32-x64',
  'win32-arm64',
];

/** The name of the package with koffi's addon for a target. That of Linux holds the addons for glibc and for musl. */
export function addonName(target) {
  return `koffi-${target.replace(/^alpine-/, 'linux-')}`;
}

/**
 * @param {object} [options]
 * @param {string} [options.outdir] where to build; `dist` by default
 * @param {boolean} [options.production] for users: minified, without source maps
 * @param {string} [options.addon] folder of koffi's addon; that for this machine by default
 */
export async function build({ outdir = path.join(ROOT, 'dist'), production = false, addon } = {}) {
  await mkdir(outdir, { recursive: true });
  await Promise.all([
    bundle(outdir, production),
    copyAddon(addon ?? ownAddon(), path.join(outdir, 'node_modules')),
    buildAgent(path.join(outdir, 'agent')),
  ]);
}

async function bundle(outdir, production) {
  const { metafile } = await esbuild.build({
    absWorkingDir: ROOT,
    entryPoints: ENTRIES,
    outdir,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    // koffi looks for its addon with a plain require, which has to stay one.
    external: ['vscode', '@koromix/*'],
    // An import() would take koffi's ES module, which asks for import.meta: a CommonJS bundle has none.
    alias: { koffi: path.join(ROOT, 'node_modules/koffi/index.cjs') },
    sourcemap: !production,
    minify: production,
    keepNames: production,
    metafile: true,
    logLevel: 'warning',
  });
  await chmod(path.join(outdir, 'cli.js'), 0o755);
  if (production) await writeFile(path.join(outdir, 'third-party-licenses.txt'), await licenses(metafile));
}

/** The licences of the packages whose code is in the bundles ask for being passed on with it. */
async function licenses(metafile) {
  const folders = Object.keys(metafile.inputs).map(
    (file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0],
  );
  const texts = [...new Set(folders.filter(Boolean))].sort().map(async (folder) => {
    const file = (await readdir(path.resolve(ROOT, folder))).find((name) => /^licen[cs]e/i.test(name));
    if (!file) throw new Error(`${folder} has no licence file`);
    const name = folder.replace(/.*node_modules\//, '');
    return `${name}\n\n${await readFile(path.resolve(ROOT, folder, file), 'utf8')}`;
  });
  return (await Promise.all(texts)).join(`\n${'-'.repeat(80)}\n\n`);
}

function ownAddon() {
  return path.join(ROOT, 'node_modules/@koromix', addonName(`${process.platform}-${process.arch}`));
}

/** An addon that is there already stays: overwriting it would break the processes which have it mapped. */
async function copyAddon(addon, folder) {
  const wanted = await readFile(path.join(addon, 'package.json'), 'utf8');
  const to = path.join(folder, JSON.parse(wanted).name);
  const present = await readFile(path.join(to, 'package.json'), 'utf8').catch(() => undefined);
  if (present !== wanted) await cp(addon, to, { recursive: true });
}

/** Compiled code fits one version of the interpreter; without that, the agent is compiled inside the target. */
async function buildAgent(folder) {
  await copyAgent(folder);
  for (const { path: python } of await interpreters()) {
    await run(python, ['-I', '-B', '-X', 'no_debug_ranges', 'scripts/compile_agent.py', AGENT, folder], {
      cwd: ROOT,
    });
  }
}

async function interpreters() {
  try {
    return await findInterpreters();
  } catch (error) {
    console.warn(`build: the agent is built as source only. ${error.message}`);
    return [];
  }
}

/** What compile_agent.py writes as well, besides the compiled code. */
async function copyAgent(folder) {
  await mkdir(folder, { recursive: true });
  const names = (await readdir(AGENT)).filter((name) => name.endsWith('.py') && name !== 'stub.py').sort();
  const texts = names.map(async (name) => {
    return `\f${path.parse(name).name}\n${await readFile(path.join(AGENT, name), 'utf8')}`;
  });
  await writeFile(path.join(folder, 'agent.src'), (await Promise.all(texts)).join(''));
  await copyFile(path.join(AGENT, 'stub.py'), path.join(folder, 'stub.py'));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const started = Date.now();
  await build({ production: process.argv.includes('--production') }).then(
    () => console.log(`build: dist is ready (${Date.now() - started} ms)`),
    (error) => {
      console.error(error.message);
      process.exitCode = 1;
    },
  );
}
