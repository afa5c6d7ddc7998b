import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { encode, MessageDecoder } from '../../src/adapter/protocol';
import type { PylatchSession } from '../../src/adapter/index';

const LIMIT_MS = 10_000;

/** The body of an event; absent ones are empty. */
export type EventBody = Record<string, unknown>;

/** A failed response as an error; `code` is the id of the protocol's error message. */
export class RequestFailed extends Error {
  constructor(
    readonly response: DebugProtocol.Response,
    readonly code: number | undefined,
  ) {
    super(`${response.command}: ${response.message}`);
  }
}

interface Waiter {
  check(): boolean;
  reject(error: Error): void;
}

/**
 * A DAP client for tests: all requests, every event kept, a limit for everything that is waited for.
 * When the adapter goes, whatever is open is rejected.
 */
export class DapClient {
  /** Everything that came, in order. */
  readonly messages: DebugProtocol.ProtocolMessage[] = [];
  /** How reverse requests are answered; refused when it returns undefined. */
  onReverseRequest: (request: DebugProtocol.Request) => object | undefined = () => undefined;
  private seq = 0;
  private readonly waiters = new Set<Waiter>();
  private gone: Error | undefined;

  private constructor(private readonly post: (message: DebugProtocol.ProtocolMessage) => void) {}

  /** Talks to the adapter that a process serves on its standard streams. */
  static overProcess(child: ChildProcess): DapClient {
    const client = DapClient.overStreams(child.stdout!, child.stdin!);
    child.once('exit', (code, signal) => client.end(new Error(`the adapter ended: ${code ?? signal}`)));
    return client;
  }

  static overStreams(input: Readable, output: Writable): DapClient {
    const client = new DapClient((message) => output.write(encode(message)));
    const decoder = new MessageDecoder({
      onMessage: (message) => client.receive(message as DebugProtocol.ProtocolMessage),
      onError: (error) => client.end(error),
    });
    input.on('data', (chunk: Buffer) => decoder.feed(chunk));
    output.on('error', () => undefined);
    return client;
  }

  /** Talks to a session in this process, as VS Code does. */
  static inProcess(session: PylatchSession): DapClient {
    const client = new DapClient((message) => session.handleMessage(message));
    session.onDidSendMessage((message) =>
      client.receive(structuredClone(message) as DebugProtocol.ProtocolMessage),
    );
    return client;
  }

  /** The number that the next request will have. */
  get nextSeq(): number {
    return this.seq + 1;
  }

  /** Sends a request and gives its response, successful or not. */
  async raw(command: string, args?: unknown, limitMs = LIMIT_MS): Promise<DebugProtocol.Response> {
    const seq = ++this.seq;
    this.post({ seq, type: 'request', command, arguments: args } as DebugProtocol.Request);
    return this.until(`the answer to ${command}`, limitMs, () => this.responses(seq)[0]);
  }

  /** Sends a request and gives its body. @throws RequestFailed */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- bodies are what the test says they are
  async request<T = any>(command: string, args?: unknown, limitMs = LIMIT_MS): Promise<T> {
    const response = await this.raw(command, args, limitMs);
    const { body } = response as { body?: { error?: { id: number } } };
    if (!response.success) throw new RequestFailed(response, body?.error?.id);
    return body as T;
  }

  /** The first event of that name that fits, whether it has come or is to come; `after` skips older messages. */
  waitFor(
    event: string,
    fits: (body: EventBody) => boolean = () => true,
    { after = 0, limitMs = LIMIT_MS } = {},
  ): Promise<EventBody> {
    return this.until(`the event ${event}`, limitMs, () => {
      const found = this.events(event, after).find((body) => fits(body ?? {}));
      return found ?? undefined;
    });
  }

  /** The bodies of all events of a name. */
  events(event: string, after = 0): EventBody[] {
    return this.messages
      .slice(after)
      .filter((message) => message.type === 'event' && (message as DebugProtocol.Event).event === event)
      .map((message) => ((message as DebugProtocol.Event).body ?? {}) as EventBody);
  }

  /** All responses to the request with that number: exactly one, if all is well. */
  responses(seq: number): DebugProtocol.Response[] {
    return this.messages.filter(
      (message): message is DebugProtocol.Response =>
        message.type === 'response' && (message as DebugProtocol.Response).request_seq === seq,
    );
  }

  private receive(message: DebugProtocol.ProtocolMessage): void {
    this.messages.push(message);
    if (message.type === 'request') this.answer(message as DebugProtocol.Request);
    for (const waiter of [...this.waiters]) if (waiter.check()) this.waiters.delete(waiter);
  }

  private answer(request: DebugProtocol.Request): void {
    const body = this.onReverseRequest(request);
    const { seq: request_seq, command } = request;
    const response = {
      seq: ++this.seq,
      type: 'response',
      request_seq,
      command,
      success: body !== undefined,
      body,
    };
    this.post(response as DebugProtocol.Response);
  }

  private end(error: Error): void {
    this.gone = error;
    for (const waiter of this.waiters) waiter.reject(error);
    this.waiters.clear();
  }

  /** What `find` gives, once it gives something; it is asked whenever a message has come. */
  until<T>(what: string, limitMs: number, find: () => T | undefined): Promise<T> {
    const found = find();
    if (found !== undefined) return Promise.resolve(found);
    if (this.gone) return Promise.reject(this.gone);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiters.delete(waiter);
        reject(
          new Error(`no sign of ${what} in ${limitMs} ms; last: ${JSON.stringify(this.messages.slice(-3))}`),
        );
      }, limitMs);
      const waiter: Waiter = {
        check: () => {
          const result = find();
          if (result === undefined) return false;
          clearTimeout(timer);
          resolve(result);
          return true;
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      this.waiters.add(waiter);
    });
  }
}

/** The adapter as a process of its own, and a client of it. */
export interface SpawnedAdapter {
  child: ChildProcess;
  client: DapClient;
  /** Ends it by ending its input, and waits for its exit code. */
  close(): Promise<number | null>;
}

/** Starts `node FILE ARGS` and talks DAP to it. */
export function spawnAdapter(file: string, args: string[] = [], options: SpawnOptions = {}): SpawnedAdapter {
  const child = spawn(process.execPath, [file, ...args], { ...options, stdio: ['pipe', 'pipe', 'inherit'] });
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const close = (): Promise<number | null> => {
    child.stdin?.end();
    return exit;
  };
  return { child, client: DapClient.overProcess(child), close };
}
