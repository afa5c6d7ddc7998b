/** The debuggers that scenarios are driven against. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DapClient } from '../dapClient';

/** A client of an adapter, for one DAP session. */
export interface Connection {
  client: DapClient;
  close(): Promise<void>;
}

export interface Debugger {
  name: string;
  /** Milliseconds for the attach, for something that should come at once, and for a script. */
  limits: { attach: number; wait: number; script: number };
  attachArguments(pid: number): object;
  connect(): Promise<Connection>;
  /** Ends what `connect` has started. */
  close(): Promise<void>;
}

const ADAPTER = join(__dirname, '..', '..', '..', 'dist', 'adapter.js');

/** Pylatch as editors that connect to a socket use it: one process of the built adapter serves all sessions. */
export class Pylatch implements Debugger {
  readonly name = 'Pylatch';
  readonly limits = { attach: 8000, wait: 7000, script: 8000 };

  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {}

  static async start(): Promise<Pylatch> {
    const folder = await mkdtemp(join(tmpdir(), 'conformance-'));
    const child = spawn(process.execPath, [ADAPTER, '--socket', join(folder, 'socket')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const errors = child.stderr.setEncoding('utf8');
    await new Promise<void>((resolve, reject) => {
      errors.once('data', (text: string) =>
        text.includes('listening') ? resolve() : reject(new Error(text)),
      );
      child.once('exit', (code) => reject(new Error(`the adapter ended: ${code}`)));
    });
    errors.pipe(process.stderr);
    return new Pylatch(child, folder);
  }

  attachArguments(pid: number): object {
    return { pid };
  }

  connect(): Promise<Connection> {
    const socket = createConnection(join(this.folder, 'socket')).setNoDelay(true);
    const close = (): Promise<void> =>
      new Promise((resolve) => {
        if (socket.closed) return resolve();
        socket.once('close', () => resolve()).end();
        setTimeout(() => socket.destroy(), 1000).unref();
      });
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.once('connect', () => resolve({ client: DapClient.overStreams(socket, socket), close }));
    });
  }

  async close(): Promise<void> {
    const exit = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGTERM');
    await exit;
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** debugpy as VS Code uses it: an adapter process for each session. */
export class Debugpy implements Debugger {
  readonly name = 'debugpy';
  readonly limits = { attach: 60_000, wait: 15_000, script: 40_000 };

  /** @param python an interpreter that can import debugpy */
  constructor(private readonly python: string) {}

  attachArguments(pid: number): object {
    return { processId: pid, subProcess: false, redirectOutput: false };
  }

  /** In a process group of its own: the adapter has helpers that would survive it. */
  connect(): Promise<Connection> {
    const child = spawn(this.python, ['-m', 'debugpy.adapter'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
    });
    child.stdin.on('error', () => undefined);
    const exit = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const kill = (): void => {
      try {
        process.kill(-child.pid!, 'SIGKILL');
      } catch {
        // It has ended already.
      }
    };
    process.once('exit', kill);
    const close = async (): Promise<void> => {
      kill();
      await exit;
      process.off('exit', kill);
    };
    return Promise.resolve({ client: DapClient.overProcess(child), close });
  }

  async close(): Promise<void> {
    // Every connection has ended its own process.
  }
}
