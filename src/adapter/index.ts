import { ProtocolServer } from '@vscode/debugadapter/lib/protocol';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { asPylatchError, PylatchError } from '../common/errors';
import type { AgentEvent } from '../common/wire';
import type { AgentLink } from './agentLink';
import type { AttachArguments } from './arguments';
import { Attachment } from './attachment';
import { BreakpointIds } from './breakpointIds';
import { Breakpoints } from './breakpoints';
import { UNSERVED_OPTIONS } from './capabilities';
import { Client } from './client';
import { DataBreakpoints } from './dataBreakpoints';
import type { Answer } from './dispatcher';
import { Dispatcher, failure } from './dispatcher';
import { Exceptions } from './exceptions';
import { FunctionBreakpoints } from './functionBreakpoints';
import type { Injector } from './injector';
import { realInjector } from './injector';
import { Inspect } from './inspect';
import { Jumps } from './jumps';
import { Lifecycle } from './lifecycle';
import { Paths } from './paths';
import type { RequestTable } from './requests';
import { Resume } from './resume';
import { requestTable } from './session';
import { Snapshots } from './snapshots';
import { Sources } from './sources';
import { Stops } from './stops';
import { trace } from './trace';

/** A client answers when it has started the command, not when that has ended. */
const REVERSE_LIMIT_MS = 30_000;

/**
 * One debug session. Takes DAP messages by `handleMessage` and gives them by `onDidSendMessage`, which is
 * what VS Code's `DebugAdapterInlineImplementation` wants; `main.ts` puts streams at both.
 */
export class PylatchSession extends ProtocolServer {
  /** Which requests are served, and when. */
  readonly table: RequestTable;
  readonly lifecycle = new Lifecycle();
  private readonly client = new Client(
    (event, body) => this.emitEvent(event, body),
    (command, args) => this.askClient(command, args),
  );
  private readonly paths = new Paths();
  private readonly sources = new Sources(this.paths);
  private readonly snapshots = new Snapshots(this.client, this.sources);
  private readonly stops = new Stops(this.client, this.lifecycle, this.sources);
  private readonly ids = new BreakpointIds();
  private readonly breakpoints = new Breakpoints(this.client, this.sources, this.ids);
  private readonly dataBreakpoints = new DataBreakpoints(this.ids, this.snapshots);
  private readonly functionBreakpoints = new FunctionBreakpoints(this.breakpoints, this.ids);
  private readonly exceptions = new Exceptions(this.client);
  private readonly resume = new Resume(this.client, this.stops);
  private readonly attachment: Attachment;
  private readonly dispatcher: Dispatcher;

  constructor(private readonly injector: Injector = realInjector) {
    super();
    this.attachment = new Attachment(this.client, this.lifecycle, injector, {
      configure: (args) => this.configure(args),
      connected: (link) => this.connected(link),
      event: (event) => this.receiveEvent(event),
      ready: (link, args) => this.ready(link, args),
    });
    this.table = this.makeTable();
    this.dispatcher = new Dispatcher(
      this.table,
      this.lifecycle,
      (answer) => this.sendAnswer(answer),
      (error) => this.reportFault(error),
    );
  }

  override handleMessage(message: DebugProtocol.ProtocolMessage): void {
    trace(this.attachment.log, 'dap', '<-', message);
    const problem = findProblem(message);
    if (problem === undefined) super.handleMessage(message);
    else this.refuseMessage(message, problem);
  }

  protected override dispatchRequest(request: DebugProtocol.Request): void {
    this.dispatcher.dispatch(request);
  }

  /** Tells the client about bytes that were no message. */
  reportMalformed(error: PylatchError): void {
    this.client.say(error.message, 'stderr');
  }

  /** Leaves the target when the client has gone without a disconnect. */
  async end(): Promise<void> {
    await this.attachment.detach();
  }

  override dispose(): void {
    void this.end();
  }

  private makeTable(): RequestTable {
    return requestTable({
      client: this.client,
      lifecycle: this.lifecycle,
      paths: this.paths,
      attachment: this.attachment,
      breakpoints: this.breakpoints,
      dataBreakpoints: this.dataBreakpoints,
      functionBreakpoints: this.functionBreakpoints,
      exceptions: this.exceptions,
      inspect: new Inspect(this.client, this.stops, this.sources, this.snapshots),
      resume: this.resume,
      jumps: new Jumps(this.client, this.stops, this.sources),
      cancelRequest: (seq) => this.dispatcher.cancel(seq),
      // A failure to load is told by the attach that needs it.
      preload: () => setImmediate(() => void this.injector.preload().catch(() => undefined)),
    });
  }

  private configure(args: AttachArguments): void {
    this.paths.configure(args.pathMappings);
    for (const rule of args.config.justMyCodeRules ?? []) rule.path = this.paths.toRemote(rule.path);
    this.resume.threadsAreSeparate = args.config.stopThreads === 'one';
  }

  private async connected(link: AgentLink): Promise<void> {
    this.dataBreakpoints.connect(link);
    const parts = [this.breakpoints, this.functionBreakpoints, this.exceptions];
    await Promise.all(parts.map((part) => part.connect(link)));
  }

  private ready(link: AgentLink, args: AttachArguments): void {
    for (const option of UNSERVED_OPTIONS.filter((key) => args[key])) {
      this.client.say(`The option "${option}" does nothing in this version of Pylatch.`, 'important');
    }
    if (args.stopOnEntry) this.stopOnEntry(link).catch((error: Error) => this.client.say(error.message));
    this.stops.release();
  }

  private async stopOnEntry(link: AgentLink): Promise<void> {
    const { threads } = await link.request('threads', {});
    const main = threads.find(({ name }) => name === 'MainThread') ?? threads[0];
    if (!main) return;
    this.stops.expectEntry();
    await link.request('pause', { threadId: main.id });
  }

  /** An event that makes no sense must not take the session down, nor go unnoticed. */
  private receiveEvent(event: AgentEvent): void {
    try {
      this.agentEvent(event);
    } catch (error) {
      this.reportFault(asPylatchError(error));
    }
  }

  private reportFault(error: PylatchError): void {
    this.attachment.log.write('dap', error.stack ?? error.message);
    this.client.say(error.message, 'stderr');
  }

  private agentEvent(event: AgentEvent): void {
    if (event.event === 'stopped') this.stops.stopped(event.body);
    else if (event.event === 'breakpoint') this.breakpoints.changed(event.body);
    else if (event.event === 'output') this.output(event.body);
    else if (event.event === 'snapshot') this.snapshots.show(event.body);
    else if (event.event === 'detached') this.attachment.detached(event.body.reason);
  }

  private output(body: DebugProtocol.OutputEvent['body']): void {
    const placed = body.source ? { ...body, source: this.sources.toClient(body.source) } : body;
    this.client.event('output', this.client.positionsTo(placed));
  }

  private refuseMessage(message: unknown, problem: string): void {
    const error = new PylatchError('malformed-message', problem, 'It was ignored; the session goes on.');
    this.reportMalformed(error);
    const { type, seq, command } = (message ?? {}) as Partial<DebugProtocol.Request>;
    if (type !== 'request') return;
    this.sendAnswer({
      request_seq: typeof seq === 'number' ? seq : 0,
      command: typeof command === 'string' ? command : '',
      ...failure(error),
    });
  }

  private sendAnswer(answer: Answer): void {
    this.post({ seq: 0, type: 'response', ...answer });
  }

  private emitEvent(event: string, body: unknown): void {
    this.post({ seq: 0, type: 'event', event, ...(body === undefined ? {} : { body }) });
  }

  private askClient(command: string, args: unknown): Promise<DebugProtocol.Response> {
    trace(this.attachment.log, 'dap', '->', { command, arguments: args });
    return new Promise((resolve) => this.sendRequest(command, args, REVERSE_LIMIT_MS, resolve));
  }

  private post(message: DebugProtocol.Response | DebugProtocol.Event): void {
    if (message.type === 'response') this.sendResponse(message as DebugProtocol.Response);
    else this.sendEvent(message as DebugProtocol.Event);
    trace(this.attachment.log, 'dap', '->', message);
  }
}

/** What is wrong with a message, in words; undefined when nothing is. */
function findProblem(message: unknown): string | undefined {
  if (typeof message !== 'object' || message === null || Array.isArray(message)) {
    return 'The client sent a message that is not an object.';
  }
  const { type, seq, command } = message as Partial<DebugProtocol.Request>;
  if (type === 'response') return undefined;
  if (type !== 'request') return `The client sent a message of the unknown type ${JSON.stringify(type)}.`;
  if (!Number.isSafeInteger(seq)) return 'The client sent a request whose "seq" is not a number.';
  if (typeof command !== 'string') return 'The client sent a request whose "command" is not a text.';
  return undefined;
}
