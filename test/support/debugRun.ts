import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after } from 'node:test';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { DapClient, SpawnedAdapter } from './dapClient';
import { spawnAdapter } from './dapClient';
import type { Target } from './targets';
import { startTarget } from './targets';

/** The built adapter. */
export const ADAPTER = join(__dirname, '..', '..', 'dist', 'adapter.js');

/** A loop that prints `tick N`, through two functions with marked lines. */
export const TICKER = `
import time


def helper(value):
    doubled = value + value  #@helper
    return doubled


def work(n):
    label = f'item {n}'  #@work
    data = {'n': n, 'list': [1, 2, 3]}  #@data
    result = helper(n)  #@call
    return result, label, data  #@return


def main():
    n = 0
    while True:
        n += 1
        work(n)  #@loop
        print('tick', n, flush=True)
        time.sleep(0.01)


main()
`;

export interface RunOptions {
  python: string;
  source?: string;
  /** Further attach arguments. */
  attach?: object;
  /** Markers of lines with breakpoints from the beginning on. */
  breakpoints?: string[];
}

/** What a test that failed has left: it must not keep the test file from ending. */
const left = new Set<DebugRun>();
after(() => Promise.all([...left].map((run) => run.dispose())));

/** A target, an adapter process attached to it, and what tests ask it for over and over. */
export class DebugRun {
  private constructor(
    readonly target: Target,
    readonly adapter: SpawnedAdapter,
  ) {}

  /** Starts a target, waits for its first output, attaches and configures. */
  static async start({
    python,
    source = TICKER,
    attach = {},
    breakpoints = [],
  }: RunOptions): Promise<DebugRun> {
    const target = await startTarget({ python, source });
    await target.waitFor('tick');
    const run = new DebugRun(target, spawnAdapter(ADAPTER));
    left.add(run);
    try {
      await run.client.request('initialize', { adapterID: 'pylatch', supportsProgressReporting: true });
      await run.client.request('attach', { pid: target.pid, ...attach });
      await run.client.waitFor('initialized');
      if (breakpoints.length > 0) await run.setBreakpoints(...breakpoints);
      await run.client.request('configurationDone');
    } catch (error) {
      await run.dispose();
      throw error;
    }
    return run;
  }

  get client(): DapClient {
    return this.adapter.client;
  }

  /** Kills both. */
  async dispose(): Promise<void> {
    left.delete(this);
    await this.adapter.close();
    await this.target.stop();
  }

  /** Sets the breakpoints of the target's file to these lines. */
  async setBreakpoints(...markers: string[]): Promise<DebugProtocol.Breakpoint[]> {
    const breakpoints = markers.map((marker) => ({ line: this.target.line(marker) }));
    const body = await this.client.request('setBreakpoints', {
      source: { path: this.target.file },
      breakpoints,
    });
    return body.breakpoints;
  }

  /** Sends a request that makes the program stop, and gives the stop. */
  async until(command: string, args: object): Promise<DebugProtocol.StoppedEvent['body']> {
    const after = this.client.messages.length;
    await this.client.request(command, args);
    return this.nextStop(after);
  }

  async nextStop(after = 0): Promise<DebugProtocol.StoppedEvent['body']> {
    return (await this.client.waitFor('stopped', undefined, {
      after,
    })) as unknown as DebugProtocol.StoppedEvent['body'];
  }

  async stack(threadId: number): Promise<DebugProtocol.StackFrame[]> {
    return (await this.client.request('stackTrace', { threadId })).stackFrames;
  }

  /** The top frame of a thread. */
  async top(threadId: number): Promise<DebugProtocol.StackFrame> {
    const [frame] = await this.stack(threadId);
    assert.ok(frame, 'the stack is empty');
    return frame;
  }

  /** The first scope's variables of a frame, by name. */
  async locals(frameId: number): Promise<Record<string, DebugProtocol.Variable>> {
    const { scopes } = await this.client.request('scopes', { frameId });
    return this.variables(scopes[0].variablesReference);
  }

  async variables(variablesReference: number): Promise<Record<string, DebugProtocol.Variable>> {
    const { variables } = await this.client.request('variables', { variablesReference });
    return Object.fromEntries(variables.map((variable: DebugProtocol.Variable) => [variable.name, variable]));
  }
}

/** The target goes on: it prints something new within the limit. */
export async function assertTicks(target: Target, limitMs = 3000): Promise<void> {
  const seen = target.output().length;
  const deadline = Date.now() + limitMs;
  while (target.output().slice(seen).split('tick').length < 3) {
    assert.ok(target.alive(), `the target ended: ${target.exit}\n${target.output().slice(-2000)}`);
    assert.ok(Date.now() < deadline, 'the target prints nothing more');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
