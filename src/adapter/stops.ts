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
 * until the thread is resumed or a value may have changed. A thread that is let go on alone leaves the others stopped.
 * A client takes a thread for running once it has the answer to its resume request, so a `stopped` that comes before
 * that answer is held back (as are those that come before the configuration is done).
 */
export class Stops {
  private snapshots = new Map<number, StopSnapshot>();
  /** With all threads stopped, those that nothing was told about are stopped, too, but for these. */
  private alone = new Set<number>();
  private allStopped = false;
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

  /**
   * A resume request is under way: what was known about the thread, or about all, is out of date.
   * @returns takes it back: the request was refused, and the threads stand where they stood, without snapshots
   */
  resumed(threadId: number, onlyThis: boolean): () => void {
    const { snapshots, alone, allStopped } = this;
    this.snapshots = new Map(onlyThis ? snapshots : []);
    this.snapshots.delete(threadId);
    this.alone = new Set(onlyThis && allStopped ? [...alone, threadId] : []);
    this.allStopped = onlyThis && allStopped;
    this.update();
    return () => {
      this.snapshots = new Map([...snapshots].map(([stopped]) => [stopped, emptySnapshot()]));
      Object.assign(this, { alone, allStopped });
      this.update();
    };
  }

  /** Some threads have stopped or gone on for themselves although a stop is for all. */
  get mixed(): boolean {
    return this.allStopped && (this.alone.size > 0 || this.snapshots.size > 1);
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
    this.alone.delete(stop.threadId);
    this.allStopped ||= stop.allThreadsStopped === true;
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
    this.lifecycle.state = this.snapshots.size > 0 || this.allStopped ? 'stopped' : 'running';
  }
}

function emptySnapshot(): StopSnapshot {
  return { stackFrames: [], totalFrames: 0, scopes: {}, variables: {} };
}
