import { spawn, execFile } from 'node:child_process';
import { chmod, cp, mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import type { Server, ServerOptions } from '../workbench/server.mjs' with { 'resolution-mode': 'import' };
import { Target } from '../support/targets';
import { Workbench } from './workbench';

const ROOT = join(__dirname, '..', '..');
const FIXTURES = join(ROOT, 'test', 'fixtures');
const BROWSER_FLAGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

const SETTINGS = {
  'workbench.colorTheme': 'Default Dark Modern',
  'workbench.reduceMotion': 'on',
  'editor.minimap.enabled': false,
  'debug.openDebug': 'openOnSessionStart',
  'debug.internalConsoleOptions': 'openOnSessionStart',
};

/** One VS Code server with the packaged extension, one browser, and a project folder that it has opened. */
export class Stage {
  private constructor(
    private readonly server: Server,
    private readonly browser: Browser,
    private readonly base: string,
    /** The opened folder: a copy of the sample project. */
    readonly folder: string,
  ) {}

  /** @param sample the folder whose copy is opened */
  static async open(
    sample = join(FIXTURES, 'shop'),
    options: Pick<ServerOptions, 'user' | 'env'> = {},
  ): Promise<Stage> {
    const { startServer } = await import('../workbench/server.mjs');
    const { findChromium } = await import('../workbench/install.mjs');
    const vsix = await packageExtension();
    const base = await mkdtemp(join(tmpdir(), 'pylatch-e2e-'));
    const folder = join(base, 'shop');
    await cp(sample, folder, { recursive: true });
    if (options.user !== undefined) await chmod(base, 0o755);
    const server = await startServer({ folder, vsix, userSettings: SETTINGS, ...options });
    const browser = await chromium.launch({ executablePath: findChromium(), args: BROWSER_FLAGS });
    return new Stage(server, browser, base, folder);
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.server.stop();
    await rm(this.base, { recursive: true, force: true });
  }

  /** A fresh window for one test; when the test fails, its picture and log stay in out/e2e. */
  async inWindow(name: string, test: (ui: Workbench) => Promise<void>): Promise<void> {
    const ui = await Workbench.open(this.browser, this.server.url);
    try {
      await test(ui);
    } catch (error) {
      await ui.keepEvidence(name);
      throw error;
    } finally {
      await ui.close();
    }
  }

  /** Starts the sample's main program; it prints a line for each order. */
  async startShop(python: string): Promise<Target> {
    const shop = this.start(python, 'shop.py');
    await shop.waitFor('order 2:');
    return shop;
  }

  /** Number (from 1) of the first line of a file of the sample that contains the text. */
  async line(file: string, text: string): Promise<number> {
    const lines = (await readFile(join(this.folder, file), 'utf8')).split('\n');
    const index = lines.findIndex((line) => line.includes(text));
    if (index < 0) throw new Error(`no line of ${file} contains ${text}`);
    return index + 1;
  }

  /** Writes .vscode/launch.json with this one configuration. */
  async writeLaunch(configuration: Record<string, unknown>): Promise<void> {
    const launch = {
      version: '0.2.0',
      configurations: [{ type: 'pylatch', request: 'attach', ...configuration }],
    };
    await mkdir(join(this.folder, '.vscode'), { recursive: true });
    await writeFile(join(this.folder, '.vscode', 'launch.json'), JSON.stringify(launch, null, 2));
  }

  /** Starts Python with these arguments in the opened folder. */
  start(python: string, ...args: string[]): Target {
    const child = spawn(python, args, {
      cwd: this.folder,
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    });
    return new Target(child, args.at(-1)!, join(this.base, 'none'));
  }
}

/** The package under test: PYLATCH_VSIX, else a fresh one for this machine. */
async function packageExtension(): Promise<string> {
  const given = process.env['PYLATCH_VSIX'];
  if (given) return given;
  const script = join(ROOT, 'scripts', 'package.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [script, '--out', join(ROOT, '.cache')]);
  const file = stdout.trim().split('\n').at(-1);
  if (!file?.endsWith('.vsix')) throw new Error(`scripts/package.mjs named no package:\n${stdout}`);
  return file;
}

/** Waits until the sample has handled more orders: it lives, and it works. */
export async function goesOn(shop: Target): Promise<void> {
  const orders = shop.output().match(/^order /gm)?.length ?? 0;
  await shop.waitFor(`order ${orders + 3}:`);
}
