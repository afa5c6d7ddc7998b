import { rm, mkdtemp } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FrameSocket } from '../../src/common/frames';
import type { AgentCommand, AgentEvent, AgentFailure, AgentRequest, Residue } from '../../src/common/wire';
import { WIRE_VERSION } from '../../src/common/wire';
import type { Injector } from '../../src/adapter/injector';
import type { ElevatedOptions } from '../../src/inject/elevation/elevated';
import type { AttachOptions, PythonProcess } from '../../src/inject/types';
import { PylatchError } from '../../src/common/errors';

type Answer = (args: never) => unknown;

/** What the agent would answer in a program with one thread that is stopped in `work`. */
const DEFAULT_ANSWERS: Record<AgentCommand, Answer> = {
  setBreakpoints: ({ breakpoints }: { breakpoints: { id: number; line: number }[] }) => ({
    breakpoints: breakpoints.map(({ id, line }) => ({ id, line, verified: true })),
  }),
  setFunctionBreakpoints: ({ breakpoints }: { breakpoints: { id: number }[] }) => ({
    breakpoints: breakpoints.map(({ id }) => ({ id, verified: true })),
  }),
  setDataBreakpoints: ({ breakpoints }: { breakpoints: { id: number }[] }) => ({
    breakpoints: breakpoints.map(({ id }) => ({ id, verified: true })),
  }),
  dataBreakpointInfo: ({ name }: { name: string }) => ({
    dataId: name,
    description: name,
    accessTypes: ['write'],
  }),
  setExceptionBreakpoints: ({ filters }: { filters: object[] }) => ({
    breakpoints: filters.map(() => ({ verified: true })),
  }),
  exceptionInfo: () => ({ exceptionId: 'ValueError', breakMode: 'always' }),
  stepInTargets: () => ({ targets: [{ id: 1, label: 'call()' }] }),
  gotoTargets: ({ line }: { line: number }) => ({ targets: [{ id: 1, label: `Line ${line}`, line }] }),
  goto: () => ({}),
  restartFrame: () => ({}),
  instrumentation: () => ({ codeObjects: [], everywhere: [], hits: {} }),
  breakpointLocations: ({ line }: { line: number }) => ({ breakpoints: [{ line }] }),
  threads: () => ({ threads: [{ id: 7, name: 'MainThread' }] }),
  stackTrace: () => ({ stackFrames: [{ id: 2000, name: 'agent', line: 1, column: 1 }], totalFrames: 1 }),
  scopes: () => ({ scopes: [{ name: 'Agent', variablesReference: 50, expensive: false }] }),
  variables: () => ({ variables: [{ name: 'agent', value: '1', variablesReference: 0 }] }),
  setVariable: ({ value }: { value: string }) => ({ value, variablesReference: 0 }),
  setExpression: ({ value }: { value: string }) => ({ value, variablesReference: 0 }),
  evaluate: ({ expression }: { expression: string }) => ({ result: expression, variablesReference: 0 }),
  completions: () => ({ targets: [{ label: 'real' }] }),
  continue: () => ({ allThreadsContinued: true }),
  next: () => ({}),
  stepIn: () => ({}),
  stepOut: () => ({}),
  pause: () => ({}),
  source: () => ({ content: 'text' }),
  cancel: () => ({}),
  detach: (): Residue => ({ tools: [], modules: [], threads: 0, files: [], failed: [], inert: [] }),
};

/** The agent's end of the socket in a test. Answers like {@link DEFAULT_ANSWERS} unless told otherwise. */
export class FakeAgent {
  readonly requests: AgentRequest[] = [];
  private readonly answers: Record<string, Answer> = { ...DEFAULT_ANSWERS };
  private constructor(
    readonly near: FrameSocket,
    private readonly far: FrameSocket,
    private readonly cleanUp: () => Promise<void>,
  ) {
    far.onMessage((message) => this.receive(message as AgentRequest));
  }

  static async start(): Promise<FakeAgent> {
    const folder = await mkdtemp(join(tmpdir(), 'fake-agent-'));
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(folder, 's'), resolve));
    const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
    const near = connect(join(folder, 's'));
    const far = await accepted;
    return new FakeAgent(new FrameSocket(near), new FrameSocket(far), async () => {
      near.destroy();
      far.destroy();
      server.close();
      await rm(folder, { recursive: true, force: true });
    });
  }

  /** Replaces the answer to a command: a body, an error as thrown, or `undefined` for none at all. */
  answer(command: AgentCommand, answer: Answer): void {
    this.answers[command] = answer;
  }

  event(event: AgentEvent): void {
    this.far.send(event);
  }

  send(message: unknown): void {
    this.far.send(message);
  }

  /** A stop of thread 7 with one frame, one scope and one variable in its snapshot. */
  stop(reason = 'breakpoint', threadId = 7, path?: string, allThreadsStopped = true): void {
    const source = path === undefined ? {} : { source: { path } };
    const stackFrames = [{ id: 1000, name: 'work', line: 3, column: 1, ...source }];
    const scopes = { 1000: [{ name: 'Locals', variablesReference: 40, expensive: false }] };
    const variables = { 40: [{ name: 'x', value: '1', variablesReference: 0 }] };
    const snapshot = { stackFrames, totalFrames: 1, scopes, variables };
    this.event({ event: 'stopped', body: { reason, threadId, allThreadsStopped, snapshot } });
  }

  /** The commands that came, in order. */
  get commands(): string[] {
    return this.requests.map(({ command }) => command);
  }

  vanish(): void {
    this.far.close();
  }

  stopServing(): Promise<void> {
    return this.cleanUp();
  }

  private receive(request: AgentRequest): void {
    this.requests.push(request);
    try {
      const body = this.answers[request.command]!(request.arguments as never);
      if (body === undefined) return;
      this.far.send({ re: request.seq, body });
      // As the agent does: the end of the connection is the end of the session.
      if (request.command === 'detach') this.far.socket.end();
    } catch (error) {
      this.far.send({ re: request.seq, error: error as AgentFailure });
    }
  }
}

/** An injector whose attach gives the fake agent at once; `hold` makes it wait for a cancel. */
export class FakeInjector implements Injector {
  processes: PythonProcess[] = [];
  hold = false;
  failure: PylatchError | undefined;
  readonly attaches: AttachOptions[] = [];

  constructor(private readonly agent: FakeAgent) {}

  async attach(options: AttachOptions): ReturnType<Injector['attach']> {
    this.attaches.push(options);
    options.onPhase?.('inspect');
    if (this.failure) throw this.failure;
    if (this.hold) await cancelled(options.signal!);
    const welcome = {
      version: WIRE_VERSION,
      pid: options.pid,
      python: '3.14.0',
      executable: '/python',
      cwd: '/',
    };
    return { link: this.agent.near, welcome: { ...welcome, argv: ['app.py'] }, timings: {} };
  }

  attachElevated(options: ElevatedOptions): ReturnType<Injector['attach']> {
    return this.attach(options);
  }

  listPythonProcesses(): Promise<PythonProcess[]> {
    return Promise.resolve(this.processes);
  }

  preload(): Promise<void> {
    return Promise.resolve();
  }
}

function cancelled(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const error = new PylatchError('attach-cancelled', 'The attach was cancelled.');
    if (signal.aborted) reject(error);
    else signal.addEventListener('abort', () => reject(error));
  });
}
