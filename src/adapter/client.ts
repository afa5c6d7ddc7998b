import type { DebugProtocol } from '@vscode/debugprotocol';
import { PylatchError } from '../common/errors';
import { object, optionalBoolean, optionalString } from './arguments';

/** The events that Pylatch sends, with their bodies. */
export interface ClientEvents {
  initialized: undefined;
  stopped: DebugProtocol.StoppedEvent['body'];
  continued: DebugProtocol.ContinuedEvent['body'];
  breakpoint: DebugProtocol.BreakpointEvent['body'];
  output: DebugProtocol.OutputEvent['body'];
  process: DebugProtocol.ProcessEvent['body'];
  terminated: undefined;
  invalidated: DebugProtocol.InvalidatedEvent['body'];
  progressStart: DebugProtocol.ProgressStartEvent['body'];
  progressUpdate: DebugProtocol.ProgressUpdateEvent['body'];
  progressEnd: DebugProtocol.ProgressEndEvent['body'];
}

/** Sends one event to the client. */
export type EventSink = (event: string, body: unknown) => void;

/** Asks the client for something: a reverse request. */
export type RequestSink = (command: string, args: unknown) => Promise<DebugProtocol.Response>;

/** The other end: what it can do, how it counts, and the way events reach it. */
export class Client {
  private firstLine = 1;
  private firstColumn = 1;
  usesUris = false;
  supportsProgress = false;
  private supportsInvalidated = false;
  private supportsTerminal = false;

  constructor(
    private readonly sink: EventSink,
    private readonly ask: RequestSink,
  ) {}

  /** Takes what the client told about itself in its initialize request. */
  configure(raw: unknown): void {
    const args = object(raw ?? {}, 'arguments of the initialize request');
    this.firstLine = optionalBoolean(args, 'linesStartAt1') === false ? 0 : 1;
    this.firstColumn = optionalBoolean(args, 'columnsStartAt1') === false ? 0 : 1;
    this.usesUris = optionalString(args, 'pathFormat') === 'uri';
    this.supportsProgress = optionalBoolean(args, 'supportsProgressReporting') ?? false;
    this.supportsInvalidated = optionalBoolean(args, 'supportsInvalidatedEvent') ?? false;
    this.supportsTerminal = optionalBoolean(args, 'supportsRunInTerminalRequest') ?? false;
  }

  event<E extends keyof ClientEvents>(event: E, body: ClientEvents[E]): void {
    this.sink(event, body);
  }

  /** A line for the debug console. */
  say(text: string, category: 'console' | 'important' | 'stderr' = 'console'): void {
    this.event('output', { category, output: `${text}\n` });
  }

  /** Has the client run a command where the user can see it and type. @throws PylatchError `elevation-failed` */
  async runInTerminal(title: string, args: readonly string[]): Promise<void> {
    if (!this.supportsTerminal) throw noTerminal('it cannot run commands in a terminal');
    // An empty folder is the client's own: nothing is put before the command.
    const answer = await this.ask('runInTerminal', { kind: 'integrated', title, cwd: '', args });
    if (!answer.success) throw noTerminal(answer.message ?? 'it refused');
  }

  /** Values may have changed: a client that can will read what it shows again. */
  variablesChanged(): void {
    if (this.supportsInvalidated) this.event('invalidated', { areas: ['variables'] });
  }

  /** The client's line number as one that counts from 1, as the agent does. */
  lineFrom(line: number): number {
    return line + 1 - this.firstLine;
  }

  columnFrom(column: number): number {
    return column + 1 - this.firstColumn;
  }

  /** A copy of a DAP object with its positions counted the client's way; the same object where they agree. */
  positionsTo<T extends Positioned>(item: T): T {
    if (this.firstLine === 1 && this.firstColumn === 1) return item;
    const moved = { ...item };
    for (const key of ['line', 'endLine'] as const) shift(moved, key, this.firstLine - 1);
    for (const key of ['column', 'endColumn'] as const) shift(moved, key, this.firstColumn - 1);
    return moved;
  }
}

function noTerminal(why: string): PylatchError {
  return new PylatchError(
    'elevation-failed',
    `The editor opened no terminal, in which sudo could ask for the password: ${why}.`,
    'Set "elevation" to "pkexec", or run the debug adapter itself by sudo.',
  );
}

interface Positioned {
  line?: number;
  column?: number;
  endLine?: number;
  endColumn?: number;
}

/** Never below 0: a frame without a position has line 0 in either way of counting. */
function shift(item: Positioned, key: keyof Positioned, by: number): void {
  const value = item[key];
  if (value !== undefined) item[key] = Math.max(0, value + by);
}
