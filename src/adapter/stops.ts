import type { DebugProtocol } from '@vscode/debugprotocol';
import type { AgentEvents, StopSnapshot } from '../common/wire';
import type { Client } from './client';
import type { Lifecycle } from './lifecycle';
import type { Sources } from './sources';

type StoppedBody = AgentEvents['stopped'];

/**
 * Which threads are stopped, and what the agent told about each stop.
 *
 * The agent sends the top of the stack and its variables along with a stop; they are answered from here
 * until the thread is resumed or a value may have changed. A client takes a thread for running once it has
 * the answer to its resume request, so a `stopped` that comes before that answer is held back (as are those
 * that come before the configuration is done).
 */
export class Stops {
  private readonly snapshots = new Map<number, StopSnapshot>();
  private held: StoppedBody[] = [];
  private holds = 1;
  private entryExpected = false;

  constructor(
    private readonly client: Client,
    private readonly lifecycle: Lifecycle,
    private readonly sources: Sources,
  ) {}

  /** Until as many `release`s, stops are kept from the client. One hold is there from the start. */
  hold(): void {
    this.holds++;
  }

  release(): void {
    this.holds--;
    if (this.holds > 0) return;
    for (const body of this.held.splice(0)) this.show(body);
  }

  /** The next pause is the one that `stopOnEntry` asked for. */
  expectEntry(): void {
    this.entryExpected = true;
  }

  /** A thread has stopped, the agent says. */
  stopped(body: StoppedBody): void {
    if (this.holds > 0) this.held.push(body);
    else this.show(body);
  }

  /** A resume request is under way: what was known about the thread, or about all, is out of date. */
  resumed(threadId: number, onlyThis: boolean): void {
    if (onlyThis) this.snapshots.delete(threadId);
    else this.snapshots.clear();
    this.update();
  }

  /** The resume was refused: the thread stands where it stood, without a snapshot. */
  resumeFailed(wasStopped: readonly number[]): void {
    for (const threadId of wasStopped) {
      if (!this.snapshots.has(threadId)) this.snapshots.set(threadId, emptySnapshot());
    }
    this.update();
  }

  /** The agent resumed threads without being asked. */
  continued(body: DebugProtocol.ContinuedEvent['body']): void {
    this.held = this.held.filter(
      (held) => body.allThreadsContinued !== true && held.threadId !== body.threadId,
    );
    this.resumed(body.threadId, body.allThreadsContinued !== true);
    this.client.event('continued', body);
  }

  get threads(): readonly number[] {
    return [...this.snapshots.keys()];
  }

  /** Values may have changed: only the frames stay known. */
  forgetVariables(): void {
    for (const snapshot of this.snapshots.values()) snapshot.variables = {};
  }

  frames(
    threadId: number,
    start: number,
    levels: number,
  ): DebugProtocol.StackTraceResponse['body'] | undefined {
    const snapshot = this.snapshots.get(threadId);
    if (!snapshot) return undefined;
    const { stackFrames, totalFrames } = snapshot;
    const wanted = levels === 0 ? totalFrames : Math.min(start + levels, totalFrames);
    if (stackFrames.length === 0 || wanted > stackFrames.length) return undefined;
    return { stackFrames: stackFrames.slice(start, wanted), totalFrames };
  }

  scopes(frameId: number): DebugProtocol.Scope[] | undefined {
    return this.lookUp((snapshot) => snapshot.scopes[frameId]);
  }

  variables(reference: number): DebugProtocol.Variable[] | undefined {
    return this.lookUp((snapshot) => snapshot.variables[reference]);
  }

  /** A frame as the agent tells it, as the client is to see it. */
  frameToClient(frame: DebugProtocol.StackFrame): DebugProtocol.StackFrame {
    const shown = frame.source ? { ...frame, source: this.sources.toClient(frame.source) } : frame;
    return this.client.positionsTo(shown);
  }

  private lookUp<T>(find: (snapshot: StopSnapshot) => T | undefined): T | undefined {
    for (const snapshot of this.snapshots.values()) {
      const found = find(snapshot);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  private show(stop: StoppedBody): void {
    const { snapshot, ...body } = stop;
    const stackFrames = snapshot.stackFrames.map((frame) => this.frameToClient(frame));
    this.snapshots.set(stop.threadId, { ...snapshot, stackFrames });
    this.update();
    if (this.entryExpected && body.reason === 'pause') {
      body.reason = 'entry';
      this.entryExpected = false;
    }
    this.client.event('stopped', body);
  }

  private update(): void {
    const { state } = this.lifecycle;
    if (state !== 'running' && state !== 'stopped') return;
    this.lifecycle.state = this.snapshots.size > 0 ? 'stopped' : 'running';
  }
}

function emptySnapshot(): StopSnapshot {
  return { stackFrames: [], totalFrames: 0, scopes: {}, variables: {} };
}
