/** The debuggers that are compared: how each is started, and what it wants to be told. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { DapClient } from '../test/support/dapClient';
import type { ToolName } from './figures';

/** Debuggers with a debug adapter. */
export interface Tool {
  name: ToolName;
  command: string;
  args: string[];
  /** For the adapter and for targets which it attaches to. */
  env: NodeJS.ProcessEnv;
  attachArguments(pid: number): object;
}

export function pylatchTool(dist: string): Tool {
  return {
    name: 'pylatch',
    command: process.execPath,
    args: [join(dist, 'adapter.js')],
    env: {},
    attachArguments: (pid) => ({ pid }),
  };
}

export function debugpyTool(python: string): Tool {
  return {
    name: 'debugpy',
    command: python,
    args: ['-m', 'debugpy.adapter'],
    env: {},
    attachArguments: (pid) => ({ processId: pid }),
  };
}

/**
 * debugpy with TCP_NODELAY set on all its sockets. Without, its small writes wait for the other end's delayed
 * acknowledgement, some 40 ms each time: a fault that one line repairs, so this is what to measure against too.
 */
export function nodelayTool(python: string): Tool {
  const env = { PYTHONPATH: join(__dirname, 'nodelay') };
  return { ...debugpyTool(python), name: 'debugpy-nodelay', env };
}

/** A running adapter and its client. */
export class Session {
  readonly client: DapClient;
  /** What the adapter can do: the answer to `initialize`, once that was asked. */
  initialized: Promise<object> = Promise.resolve({});
  private readonly exit: Promise<void>;

  private constructor(
    readonly tool: Tool,
    private readonly child: ChildProcess,
  ) {
    this.client = DapClient.overProcess(child);
    this.exit = new Promise((resolve) => child.once('close', () => resolve()));
  }

  /** Starts the adapter in a process group of its own: debugpy's has helpers that would survive it. */
  static start(tool: Tool): Session {
    const child = spawn(tool.command, tool.args, {
      env: { ...process.env, ...tool.env },
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
    });
    child.stdin.on('error', () => undefined);
    return new Session(tool, child);
  }

  initialize(): Promise<object> {
    return (this.initialized = this.client.request('initialize', {
      clientID: 'bench',
      adapterID: this.tool.name,
      linesStartAt1: true,
      columnsStartAt1: true,
      pathFormat: 'path',
      supportsVariableType: true,
      supportsVariablePaging: true,
    }));
  }

  /** Leaves the target, and waits until the adapter has answered. */
  async detach(): Promise<void> {
    await this.client.request('disconnect', { restart: false, terminateDebuggee: false });
  }

  /** Ends the adapter, whatever it is doing. */
  async kill(): Promise<void> {
    try {
      process.kill(-this.child.pid!, 'SIGKILL');
    } catch {
      // It has ended already.
    }
    await this.exit;
  }
}

/** pdb attached to a process, which stops it: it has a prompt and no protocol. */
export class Pdb {
  private text = '';
  private readonly exit: Promise<void>;

  private constructor(private readonly child: ChildProcess) {
    this.exit = new Promise((resolve) => child.once('close', () => resolve()));
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (this.text += chunk));
    child.stdin?.on('error', () => undefined);
  }

  static start(python: string, pid: number): Pdb {
    const child = spawn(python, ['-u', '-m', 'pdb', '-p', String(pid)], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    return new Pdb(child);
  }

  /** Waits for the prompt. */
  async prompt(limitMs = 20_000): Promise<void> {
    const deadline = performance.now() + limitMs;
    while (!this.text.includes('(Pdb)')) {
      if (performance.now() > deadline) throw new Error(`pdb shows no prompt: ${this.text}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  async detach(): Promise<void> {
    this.child.stdin?.write('q\n');
    await this.exit;
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exit;
  }
}
