import { spawn, execFile } from 'node:child_process';
import { cp, mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import type { Server } from '../workbench/server.mjs' with { 'resolution-mode': 'import' };
import { Target } from '../support/targets';
import { Workbench } from './workbench';

const ROOT = join(__dirname, '..', '..');
const SHOP = join(ROOT, 'test', 'fixtures', 'shop');
const BROWSER_FLAGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

/** One VS Code server with the packaged extension, one browser, and a project folder that it has opened. */
export class Stage {
  private constructor(
    private readonly server: Server,
    private readonly browser: Browser,
    private readonly base: string,
    /** The opened folder: a copy of the sample project. */
    readonly folder: string,
  ) {}

  static async open(): Promise<Stage> {
    const { startServer } = await import('../workbench/server.mjs');
    const { findChromium } = await import('../workbench/install.mjs');
    const base = await mkdtemp(join(tmpdir(), 'pylatch-e2e-'));
    const folder = join(base, 'shop');
    await cp(SHOP, folder, { recursive: true, filter: (path) => !path.includes('__pycache__') });
    const vsix = await packageExtension();
    const server = await startServer({ folder, vsix, automation: true });
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
    const child = spawn(python, ['-u', 'shop.py'], {
      cwd: this.folder,
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    });
    const shop = new Target(child, join(this.folder, 'pricing.py'), join(this.base, 'none'));
    await shop.waitFor('order 2:');
    return shop;
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
}

/** The package under test: PYLATCH_VSIX, else a fresh one for this machine. */
async function packageExtension(): Promise<string> {
  const given = process.env['PYLATCH_VSIX'];
  if (given) return given;
  const script = join(ROOT, 'scripts', 'package.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [script], { cwd: ROOT });
  const vsix = stdout
    .trim()
    .split('\n')
    .reverse()
    .find((line) => line.trim().endsWith('.vsix'));
  if (!vsix) throw new Error(`scripts/package.mjs named no package:\n${stdout}`);
  return join(ROOT, vsix.trim().split(/\s+/).at(-1)!);
}
