import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { compile } from './wine';

const SOURCE = join(__dirname, 'standin.c');

/** A program that looks like Python from outside; see standin.c. */
export class StandIn {
  constructor(
    private readonly child: ChildProcess,
    private readonly report: string,
    /** The folder for temporary files that it was started with. */
    readonly temporary: string,
  ) {}

  /** What it has told of itself, by the first word of each line. */
  told(what: string): string[] {
    const text = existsSync(this.report) ? readFileSync(this.report, 'utf8') : '';
    const lines = text.split('\n').filter((line) => line.startsWith(`${what} `));
    return lines.map((line) => line.slice(what.length + 1));
  }

  async waitFor(what: string): Promise<string> {
    for (let tries = 0; tries < 1000; tries++) {
      const [first] = this.told(what);
      if (first !== undefined) return first;
      assert.equal(this.child.exitCode, null, `it ended before "${what}"`);
      await delay(10);
    }
    assert.fail(`no sign of "${what}":\n${readFileSync(this.report, 'utf8')}`);
  }

  /** Its numbers in Windows, which are not those of this system. */
  async numbers(): Promise<{ pid: string; main: string; other: string }> {
    const [, pid, main, other] = /pid=(\d+) main=(\d+) other=(\d+)/.exec(await this.waitFor('ready')) ?? [];
    return { pid: pid!, main: main!, other: other! };
  }

  async left(): Promise<string[]> {
    return (await readdir(this.temporary)).filter((name) => name.startsWith('pylatch-'));
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGKILL');
    await gone;
  }
}

/** A Python in its library, one that is all in its program, and one too old. */
export async function buildStandIns(folder: string): Promise<void> {
  const old = join(folder, 'old');
  await mkdir(old);
  const library = (to: string, name: string, ...flags: string[]): Promise<void> => {
    const stub = join(to, 'python.lib');
    const link = ['-shared', '-o', join(to, name), SOURCE, '-lws2_32', `-Wl,--out-implib,${stub}`];
    const program = ['-municode', '-DSTANDIN_PROGRAM', '-o', join(to, 'python.exe'), SOURCE, stub];
    return compile(['-DSTANDIN_LIBRARY', ...flags, ...link]).then(() => compile(program));
  };
  const whole = ['-municode', '-DSTANDIN_LIBRARY', '-DSTANDIN_PROGRAM', SOURCE, '-lws2_32'];
  await Promise.all([
    library(folder, 'python315.dll'),
    library(old, 'python311.dll', '-DSTANDIN_OLD'),
    compile([...whole, '-o', join(folder, 'server.exe')]),
  ]);
}
