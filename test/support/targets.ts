import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = join(__dirname, '..', '..');

/** One interpreter that the tests run under. `version` is `3.14` or `3.15`. */
export interface Interpreter {
  version: string;
  path: string;
}

export interface TargetOptions {
  /** Path of the interpreter. */
  python: string;
  /** Program text; `#@name` at a line's end names that line. */
  source: string;
  /** Arguments of the program. */
  args?: string[];
  /** Arguments of the interpreter, before the program. */
  pythonArgs?: string[];
  env?: NodeJS.ProcessEnv;
  /** Runs the target as this user and group (root only). */
  uid?: number;
  /** File name of the program inside its own folder; `target.py` by default. */
  name?: string;
  cwd?: string;
}

let found: Promise<Interpreter[]> | undefined;

/** The interpreters that this machine offers; an empty list is an error, so that no test passes by running nothing. */
export function interpreters(): Promise<Interpreter[]> {
  found ??= findInterpreters();
  return found;
}

async function findInterpreters(): Promise<Interpreter[]> {
  const script = join(ROOT, 'scripts', 'interpreters.mjs');
  const list = existsSync(script)
    ? (JSON.parse((await run(process.execPath, [script], { maxBuffer: 1 << 24 })).stdout) as Interpreter[])
    : await fromEnvironment();
  if (list.length === 0)
    throw new Error('no CPython 3.14 or 3.15: set PYLATCH_PYTHON to one or several paths');
  return list;
}

async function fromEnvironment(): Promise<Interpreter[]> {
  const paths = (process.env['PYLATCH_PYTHON'] ?? '').split(':').filter((path) => path !== '');
  return Promise.all(
    paths.map(async (path) => {
      const { stdout } = await run(path, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])']);
      return { version: stdout.trim(), path };
    }),
  );
}

/** A running Python program of a test. Both output streams are collected together. */
export class Target {
  private text = '';
  private readonly watchers = new Set<() => void>();
  private ended = false;
  /** Exit code or the name of the signal, once the process has ended. */
  exit: number | string | undefined;

  constructor(
    private readonly child: ChildProcess,
    /** The program's file, as the target names it. */
    readonly file: string,
    private readonly folder: string,
  ) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => this.note(chunk));
    }
    child.once('exit', (code, signal) => {
      this.ended = true;
      this.exit = code ?? signal ?? undefined;
      this.note('');
    });
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Number (from 1) of the line that ends with `#@marker`. */
  line(marker: string): number {
    const lines = readFileSync(this.file, 'utf8').split('\n');
    const index = lines.findIndex((line) => line.trimEnd().endsWith(`#@${marker}`));
    if (index < 0) throw new Error(`no line ends with #@${marker}`);
    return index + 1;
  }

  /** Everything printed up to now. */
  output(): string {
    return this.text;
  }

  /** Waits until the output contains the text; rejects when the process ends without it or the limit passes. */
  waitFor(text: string, limitMs = 10_000): Promise<void> {
    return this.until(() => this.text.includes(text), `"${text}"`, limitMs);
  }

  /** Waits until the process has ended. */
  waitForExit(limitMs = 10_000): Promise<void> {
    return this.until(() => this.ended, 'its end', limitMs);
  }

  write(text: string): void {
    this.child.stdin?.write(text);
  }

  alive(): boolean {
    return !this.ended;
  }

  /** Kills the process if it still runs, and removes its files. */
  async stop(): Promise<void> {
    if (!this.ended) {
      this.child.kill('SIGKILL');
      await this.waitForExit();
    }
    // A child of the target may have inherited its output; we do not wait for that one.
    this.child.stdout?.destroy();
    this.child.stderr?.destroy();
    await rm(this.folder, { recursive: true, force: true });
  }

  private note(chunk: string): void {
    this.text += chunk;
    for (const watcher of [...this.watchers]) watcher();
  }

  private until(done: () => boolean, what: string, limitMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (error?: Error): void => {
        clearTimeout(timer);
        this.watchers.delete(check);
        if (error) reject(error);
        else resolve();
      };
      const check = (): void => {
        if (done()) finish();
        else if (this.ended)
          finish(new Error(`the target ended (${this.exit}) before ${what}:\n${this.text}`));
      };
      const timer = setTimeout(
        () => finish(new Error(`no sign of ${what} in ${limitMs} ms:\n${this.text}`)),
        limitMs,
      );
      this.watchers.add(check);
      check();
    });
  }
}

/**
 * Starts a Python program in a folder of its own. Resolves when the process exists, not when it is ready:
 * let the program print a line and wait for that.
 */
export async function startTarget(options: TargetOptions): Promise<Target> {
  const folder = await mkdtemp(join(tmpdir(), 'target-'));
  const file = join(folder, options.name ?? 'target.py');
  await writeFile(file, options.source);
  if (options.uid !== undefined) await chmod(folder, 0o755);
  const child = spawn(options.python, ['-u', ...(options.pythonArgs ?? []), file, ...(options.args ?? [])], {
    env: { ...process.env, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  child.stdin.on('error', () => undefined);
  return new Target(child, file, folder);
}
