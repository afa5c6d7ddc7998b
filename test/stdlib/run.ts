/** Runs one test file of the standard library in a process of its own, with or without Pylatch attached. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { constants, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { AgentLink } from '../../src/adapter/agentLink';
import { PylatchError } from '../../src/common/errors';
import { silentLog } from '../../src/common/log';
import type { AgentEvent } from '../../src/common/wire';
import { attach } from '../../src/inject/attach';
import { neverHit } from './files';
import type { TestFile } from './files';

const CHILD = join(__dirname, 'child.py');
const CONFIG = { justMyCode: true, stopThreads: 'all', showReturnValue: false } as const;
const ATTACH_LIMIT_MS = 20_000;
/** What may pass between the end of the connection and the news of the end of the process. */
const CLOSING_MS = 2000;
/** How much of what the tests print is kept for a report. */
const KEPT = 4000;

/** How the tests are run: without us, attached and nothing else, attached with breakpoints that never hit. */
export type Way = 'alone' | 'idle' | 'breakpoints';

export interface RunOptions {
  python: string;
  /** Folder of the standard library. */
  library: string;
  file: TestFile;
  way: Way;
  /** Chooses tests; all where it is empty. */
  patterns: string[];
  limitMs: number;
}

/** How one test ended. */
export interface Outcome {
  /** `ok`, `failed`, `error`, `skipped`, `expected failure`, `unexpected success` or `no end`. */
  outcome: string;
  /** The error's type and text. */
  detail: string;
}

export interface TestRun {
  /** By the test's id; {@link WHOLE} is the process. */
  outcomes: Map<string, Outcome>;
  /** What was printed last. */
  output: string;
}

/** A test that has begun; its outcome where no other follows. */
const STARTED = 'no end';
/** Outcomes that another one of the same test overrules. */
const MILD = new Set([STARTED, 'ok']);

/** Stands for the run as a whole: its outcome is the exit code, which tells too of an environment that was changed. */
export const WHOLE = 'the whole run';

/** @throws Error where the tests could not be run, or a breakpoint was hit */
export async function runTests(options: RunOptions): Promise<TestRun> {
  const folder = await mkdtemp(join(tmpdir(), 'pylatch-stdlib-'));
  try {
    const process = new TestProcess(options, folder);
    const end = await process.run();
    const notes = await readFile(join(folder, 'notes'), 'utf8').catch(() => '');
    const outcomes = parseNotes(notes).set(WHOLE, { outcome: end, detail: '' });
    return { outcomes, output: process.output };
  } finally {
    await endAllIn(folder);
    await rm(folder, { recursive: true, force: true });
  }
}

class TestProcess {
  output = '';
  private readonly child: ChildProcess;
  private readonly exit: Promise<string>;
  private link: AgentLink | undefined;
  private stop: string | undefined;
  private verified = false;
  private closedAt: number | undefined;

  constructor(
    private readonly options: RunOptions,
    folder: string,
  ) {
    const { module, edits = [] } = options.file;
    const order = { notes: join(folder, 'notes'), folder, module: `test.${module}`, edits };
    const args = ['-u', '-W', 'default', CHILD, JSON.stringify({ ...order, patterns: options.patterns })];
    this.child = spawn(options.python, args, {
      env: cleanEnvironment(folder),
      cwd: folder,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.setEncoding('utf8').on('data', (chunk: string) => this.note(chunk));
    this.exit = new Promise((resolve, reject) => {
      this.child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
      this.child.once('error', reject);
    });
  }

  /** Gives how the process ended. @throws Error where the run proves nothing */
  async run(): Promise<string> {
    let late = false;
    const timer = setTimeout(() => ((late = true), this.kill()), this.options.limitMs);
    try {
      await this.printed('ready');
      setPriority(this.child.pid!, constants.priority.PRIORITY_LOW);
      if (this.options.way !== 'alone') await this.attach();
      this.child.stdin?.end('go\n');
      const end = await this.exit;
      if (this.stop !== undefined) throw new Error(`the session had to end: ${this.stop}`);
      if (this.options.way === 'breakpoints' && !this.verified) throw new Error('no breakpoint was set');
      if (late) return `no end in ${this.options.limitMs / 1000} s`;
      return this.closedEarly() ? `${end}, without the agent` : end;
    } finally {
      clearTimeout(timer);
      this.kill();
      this.link?.fail(new PylatchError('agent-lost', 'The tests have ended.'));
    }
  }

  /** Whether the agent was gone well before the process: then the rest of the tests proves nothing. */
  private closedEarly(): boolean {
    return this.closedAt !== undefined && Date.now() - this.closedAt > CLOSING_MS;
  }

  private kill(): void {
    try {
      process.kill(-this.child.pid!, 'SIGKILL');
    } catch {
      // Nobody is left.
    }
  }

  private note(chunk: string): void {
    this.output = (this.output + chunk).slice(-KEPT);
  }

  private printed(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => (this.output.includes(text) ? resolve() : undefined);
      this.child.stdout?.on('data', look);
      void this.exit.then(
        (end) => reject(new Error(`the tests did not start: ${end}\n${this.output}`)),
        reject,
      );
    });
  }

  private async attach(): Promise<void> {
    const agent = await attach({
      pid: this.child.pid!,
      thread: 'any',
      timeoutMs: ATTACH_LIMIT_MS,
      config: CONFIG,
    });
    const link = (this.link = new AgentLink(agent.link, silentLog));
    link.onClose(() => (this.closedAt = Date.now()));
    link.onEvent((event) => this.receive(event));
    if (this.options.way === 'breakpoints') await this.setBreakpoints(link);
  }

  private receive({ event, body }: AgentEvent): void {
    if (event === 'breakpoint') this.verified ||= body.breakpoint.verified;
    if (event !== 'stopped' && event !== 'detached') return;
    this.stop ??= `${event} ${JSON.stringify(body).slice(0, KEPT)}`;
    // The tests must not hang in a stop that nobody ends.
    this.kill();
  }

  private async setBreakpoints(link: AgentLink): Promise<void> {
    const { python, library, file } = this.options;
    let id = 0;
    for (const { path, lines } of await neverHit(python, library, file.module)) {
      const breakpoints = lines.map((line) => ({ id: ++id, line }));
      await link.request('setBreakpoints', { path, breakpoints });
    }
  }
}

/** Settings of Python would be those of the tests. The folder for temporary files marks the processes of this run. */
function cleanEnvironment(folder: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(PYTHON|NODE_|npm_)/.test(name));
  return { ...Object.fromEntries(kept), TMPDIR: folder };
}

/**
 * A test has several notes where parts of it fail: any of these counts. Doctests of one name are told apart by number.
 */
function parseNotes(notes: string): Map<string, Outcome> {
  const outcomes = new Map<string, Outcome>();
  const starts = new Map<string, number>();
  for (const line of notes.split('\n').filter(Boolean)) {
    const { test, ...outcome } = JSON.parse(line) as Outcome & { test: string };
    if (outcome.outcome === STARTED) starts.set(test, (starts.get(test) ?? 0) + 1);
    const number = starts.get(test) ?? 1;
    const name = number === 1 ? test : `${test} (${number})`;
    if (MILD.has(outcomes.get(name)?.outcome ?? STARTED)) outcomes.set(name, outcome);
  }
  return outcomes;
}

/** Ends processes that tests have left in groups of their own. */
async function endAllIn(folder: string): Promise<void> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if (!environment.split('\0').includes(`TMPDIR=${folder}`)) continue;
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It has just ended.
    }
  }
}
