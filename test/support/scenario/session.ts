import type { DebugProtocol } from '@vscode/debugprotocol';
import { GATED_REQUESTS } from '../../../src/adapter/capabilities';
import type { EventBody } from '../dapClient';
import type { Connection, Debugger } from './debuggers';
import type { Running } from './program';
import type { Transcript } from './transcript';

export type Stopped = DebugProtocol.StoppedEvent['body'];

/** The scenario cannot go on; the message is the last line of its transcript. */
export class CutShort extends Error {}

const RESUMES = new Set(['continue', 'next', 'stepIn', 'stepOut', 'goto', 'restartFrame']);

/** Adapters say how the attach goes, and that the program ends; `telemetry` is not for the user's eyes. */
function isForUser({ category, output }: EventBody): boolean {
  return category !== 'telemetry' && !/^(Attach(ed|ing) to |Process \d+ has ended)/.test(String(output));
}

/** One output for each line: several messages may come as one. */
function lines(body: EventBody): EventBody[] {
  const texts = String(body['output']).split('\n');
  return texts.filter((text) => text.trim() !== '').map((output) => ({ ...body, output }));
}

/**
 * One DAP session with a running program. Messages are taken in the order in which they came, up to the one that is
 * waited for: what a scenario sees, and the order of its lines, is a matter of messages and not of time.
 */
export class Session {
  capabilities: DebugProtocol.Capabilities = {};
  /** Stops that nobody has asked about yet. */
  readonly stops: Stopped[] = [];
  /** What the debugger said to the user, line by line. */
  readonly outputs: EventBody[] = [];
  readonly changes: DebugProtocol.Breakpoint[] = [];
  /** Names of events that are lines of the transcript. */
  readonly shown = new Set<string>();
  terminated = false;
  private seen = 0;
  private attached: Promise<DebugProtocol.Response> | undefined;

  constructor(
    private readonly kind: Debugger,
    private readonly connection: Connection,
    private readonly program: Running,
    private readonly transcript: Transcript,
  ) {}

  /** Up to the event `initialized`: breakpoints can be set. */
  async attach(options: object): Promise<void> {
    const { client } = this.connection;
    const limit = this.kind.limits.attach;
    const answer = await client.raw('initialize', { ...CLIENT, adapterID: this.kind.name }, limit);
    this.capabilities = (answer.body ?? {}) as DebugProtocol.Capabilities;
    const args = { ...this.kind.attachArguments(this.program.pid), ...options };
    const attached = (this.attached = client.raw('attach', args, limit));
    attached.catch(() => undefined);
    // Some answer the attach before the event, some after the configuration.
    const initialized = client.waitFor('initialized', undefined, { limitMs: limit });
    initialized.catch(() => undefined);
    await Promise.race([initialized, attached.then(assertSuccess).then(() => initialized)]);
  }

  /** Ends the configuration. */
  async configured(): Promise<void> {
    const { client } = this.connection;
    assertSuccess(await client.raw('configurationDone', undefined, this.kind.limits.attach));
    assertSuccess(await this.attached!);
    this.takeAll();
  }

  /** Sends a request, unless the debugger does not offer it. */
  async send(command: string, args?: object): Promise<DebugProtocol.Response> {
    this.require(command);
    const { client } = this.connection;
    const before = client.messages.length;
    const response = await client.raw(command, args, this.limit).catch(() => {
      throw new CutShort(`no answer to ${command}`);
    });
    const at = client.messages.indexOf(response);
    if (RESUMES.has(command)) this.checkOrder(command, args, client.messages.slice(before, at));
    this.take(at + 1);
    return response;
  }

  /** Whether the debugger offers something optional. */
  offer(capability: keyof DebugProtocol.Capabilities, what: string): void {
    if (!this.capabilities[capability]) throw new CutShort(`not offered: ${what}`);
  }

  /** Waits until something is in a queue of what has come, and takes it out. */
  async next<T>(queue: T[], what: string): Promise<T> {
    await this.waitUntil(() => queue.length > 0 || this.terminated, what);
    if (queue.length === 0) throw new CutShort(`no ${what}: the session has ended`);
    return queue.shift()!;
  }

  async waitUntil(done: () => boolean, what: string): Promise<void> {
    const { client } = this.connection;
    const find = (): true | undefined => {
      while (!done() && this.seen < client.messages.length) this.take(this.seen + 1);
      return done() ? true : undefined;
    };
    await client.until(what, this.limit, find).catch(() => {
      throw new CutShort(`no ${what}`);
    });
  }

  /** Takes in what has come by now. */
  takeAll(): void {
    this.take(this.connection.client.messages.length);
  }

  /** The last messages, for one who looks for what went wrong. */
  lastMessages(): string {
    const lines = this.connection.client.messages.slice(-6).map((message) => JSON.stringify(message));
    return lines.map((line) => line.slice(0, 300)).join('\n');
  }

  close(): Promise<void> {
    return this.connection.close();
  }

  private get limit(): number {
    return this.kind.limits.wait;
  }

  private require(command: string): void {
    const gates = Object.entries(GATED_REQUESTS) as [keyof DebugProtocol.Capabilities, readonly string[]][];
    for (const [capability, requests] of gates)
      if (requests.includes(command)) this.offer(capability, command);
  }

  /** A client that hears of a stop before the answer to its resume takes the thread for running. */
  private checkOrder(
    command: string,
    args: object | undefined,
    meanwhile: DebugProtocol.ProtocolMessage[],
  ): void {
    const { threadId } = (args ?? {}) as { threadId?: number };
    const early = meanwhile.some((message) => {
      const { event, body } = message as DebugProtocol.StoppedEvent;
      return event === 'stopped' && body.threadId === threadId;
    });
    if (early) this.transcript.add(`stopped before the answer to ${command}`);
  }

  private take(end: number): void {
    for (const message of this.connection.client.messages.slice(this.seen, end)) {
      if (message.type === 'event') this.note(message as DebugProtocol.Event);
    }
    this.seen = Math.max(this.seen, end);
  }

  private note({ event, body = {} }: DebugProtocol.Event): void {
    if (event === 'stopped') this.stops.push(body as Stopped);
    if (event === 'terminated') this.terminated = true;
    if (event === 'breakpoint') this.changes.push((body as DebugProtocol.BreakpointEvent['body']).breakpoint);
    if (event === 'output' && isForUser(body as EventBody)) this.outputs.push(...lines(body as EventBody));
    if (this.shown.has(event)) this.transcript.add(`event ${event}${details(event, body as EventBody)}`);
  }
}

/** What VS Code says about itself. */
const CLIENT = {
  clientID: 'vscode',
  linesStartAt1: true,
  columnsStartAt1: true,
  pathFormat: 'path',
  supportsVariableType: true,
  supportsVariablePaging: true,
  supportsInvalidatedEvent: true,
  supportsMemoryReferences: true,
};

function assertSuccess({ success, command, message }: DebugProtocol.Response): void {
  if (!success) throw new Error(`${command} failed: ${message}`);
}

function details(event: string, body: EventBody): string {
  if (event === 'thread') return ` ${String(body['reason'])}`;
  if (event === 'stopped') return ` ${String(body['reason'])}`;
  return '';
}
