import { setTimeout as delay } from 'node:timers/promises';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Connection, Debugger } from './debuggers';
import type { Running } from './program';
import type { Stopped } from './session';
import { CutShort, Session } from './session';
import type { Transcript } from './transcript';

/** A line breakpoint. */
export interface LineBreakpoint {
  /** `marker`, `marker+1`, or `file.py:12` below the program's folder. */
  at: string;
  /** The file by another path than its own, for example by a link: below the program's folder. */
  path?: string;
  condition?: string;
  hitCondition?: string;
  logMessage?: string;
  mode?: string;
}

export interface FunctionBreakpoint {
  name: string;
  condition?: string;
  hitCondition?: string;
}

/** A value to watch: a local of the top frame, or the attribute or item `name` of what `of` evaluates to. */
export interface DataBreakpoint {
  name: string;
  of?: string;
  accessType?: DebugProtocol.DataBreakpointAccessType;
  condition?: string;
  hitCondition?: string;
}

export interface ExceptionBreakpoint {
  filter: string;
  condition?: string;
}

export interface StepOptions {
  singleThread?: boolean;
  granularity?: DebugProtocol.SteppingGranularity;
  /** Part of the label of the call to step into. */
  target?: string;
}

/** What a stop's line tells of where: function and line, the function alone, or nothing. */
export type Where = 'line' | 'function' | 'nowhere';

const CONDITIONS = [
  ['condition', 'supportsConditionalBreakpoints', 'conditions'],
  ['hitCondition', 'supportsHitConditionalBreakpoints', 'hit conditions'],
  ['logMessage', 'supportsLogPoints', 'log points'],
  ['mode', 'breakpointModes', 'breakpoint modes'],
] as const;

/** What a scenario's script can do and ask. The lines that each writes are named in `../scenario.ts`. */
export class Verbs {
  /** The thread that the verbs are about: the one that stopped last, or that `thread` chose. */
  threadId = 0;
  private session: Session;
  private frameId: number | undefined;
  private hitIds: number[] = [];
  /** What each breakpoint is called, by its id. */
  private readonly names = new Map<number, string>();
  /** The paths that have breakpoints. */
  private paths: string[] = [];

  constructor(
    private readonly kind: Debugger,
    connection: Connection,
    readonly program: Running,
    private readonly transcript: Transcript,
    private readonly options: object,
  ) {
    this.session = new Session(kind, connection, program, transcript);
  }

  // -- the session

  /** Up to the moment when breakpoints can be set. The runner has done it; see `reattach`. */
  attach(): Promise<void> {
    return this.session.attach(this.options);
  }

  /** Ends the configuration and opens the gate. */
  async go(): Promise<void> {
    await this.configured();
    await this.open();
  }

  /** Ends the configuration. */
  configured(): Promise<void> {
    return this.session.configured();
  }

  /** Opens the gate that the program stands in, or will come to. */
  open(): Promise<void> {
    return this.program.open();
  }

  /** Attaches again after a disconnect, and configures with what `configure` sets. */
  async reattach(configure: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    await this.session.close();
    this.session = new Session(this.kind, await this.kind.connect(), this.program, this.transcript);
    await this.attach();
    await configure();
    await this.session.configured();
  }

  async disconnect(args: object = {}): Promise<void> {
    const { success } = await this.session.send('disconnect', args);
    this.note(success ? 'disconnected' : 'disconnect: refused');
  }

  /** The program runs to its end. */
  async end(): Promise<void> {
    await this.session.waitUntil(() => this.session.terminated || this.session.stops.length > 0, 'end');
    const [stop] = this.session.stops;
    if (stop) throw new CutShort(`no end: stopped ${stop.reason}`);
    await this.gone('ended');
  }

  /** The program, which nobody debugs any more, runs to its end. */
  exits(): Promise<void> {
    return this.gone('exited');
  }

  // -- breakpoints

  /** Replaces the line breakpoints of all files. */
  async breakpoints(...list: (string | LineBreakpoint)[]): Promise<void> {
    const items = list.map((item) => (typeof item === 'string' ? { at: item } : item));
    const byPath = new Map<string, LineBreakpoint[]>(this.paths.map((path) => [path, []]));
    for (const item of items) {
      for (const [key, capability, what] of CONDITIONS)
        if (item[key] !== undefined) this.session.offer(capability, what);
      const path = this.pathOf(item);
      byPath.set(path, [...(byPath.get(path) ?? []), item]);
    }
    this.paths = [...byPath].filter(([, each]) => each.length > 0).map(([path]) => path);
    for (const [path, each] of byPath) await this.setBreakpoints(path, each);
  }

  async functionBreakpoints(...list: (string | FunctionBreakpoint)[]): Promise<void> {
    const breakpoints = list.map((item) => (typeof item === 'string' ? { name: item } : item));
    const body = await this.ask('setFunctionBreakpoints', { breakpoints });
    this.tell(
      body?.['breakpoints'],
      breakpoints.map(({ name }) => `function ${name}`),
    );
  }

  async dataBreakpoints(...list: (string | DataBreakpoint)[]): Promise<void> {
    const breakpoints: object[] = [];
    const names: string[] = [];
    for (const item of list.map((each) => (typeof each === 'string' ? { name: each } : each))) {
      const { name, of, ...rest } = item;
      const label = `data ${of === undefined ? '' : `${of} `}${name}`;
      const body = await this.dataBreakpointInfo(item);
      if (body?.['dataId']) {
        breakpoints.push({ ...rest, dataId: body['dataId'] });
        names.push(label);
      } else this.note(`${label}: cannot be watched`);
    }
    const body = await this.ask('setDataBreakpoints', { breakpoints });
    this.tell(body?.['breakpoints'], names);
  }

  /** The body of `dataBreakpointInfo`. */
  async dataBreakpointInfo({ name, of }: DataBreakpoint): Promise<Body | undefined> {
    this.session.offer('supportsDataBreakpoints', 'dataBreakpointInfo');
    const frameId = await this.frameIdNow();
    const variablesReference =
      of === undefined ? await this.localsReference() : await this.referenceOf(of, frameId);
    return this.ask('dataBreakpointInfo', { variablesReference, name, frameId });
  }

  async exceptions(...list: (string | ExceptionBreakpoint)[]): Promise<void> {
    const filters = list.filter((item) => typeof item === 'string');
    const filterOptions = list
      .filter((item) => typeof item !== 'string')
      .map(({ filter, condition }) => ({ filterId: filter, condition }));
    if (filterOptions.length > 0)
      this.session.offer('supportsExceptionFilterOptions', 'conditions of exceptions');
    const offered = (this.session.capabilities.exceptionBreakpointFilters ?? []).map(({ filter }) => filter);
    for (const filter of [...filters, ...filterOptions.map(({ filterId }) => filterId)])
      if (!offered.includes(filter)) throw new CutShort(`not offered: exceptions ${filter}`);
    const args = filterOptions.length > 0 ? { filters, filterOptions } : { filters };
    const body = await this.ask('setExceptionBreakpoints', args);
    for (const [index, { verified }] of (body?.['breakpoints'] ?? []).entries())
      if (!verified) this.note(`exceptions ${String(index + 1)}: unverified`);
  }

  /** The next breakpoint that is told to be another than before. */
  async changed(): Promise<void> {
    const breakpoint = await this.session.next(this.session.changes, 'breakpoint event');
    this.note(`changed: ${this.verdict(breakpoint, this.names.get(breakpoint.id ?? -1) ?? 'unknown')}`);
  }

  // -- stops and steps

  /** The next stop. */
  async stop({ where = 'line' as Where } = {}): Promise<Stopped> {
    return this.happen('stopped ', where);
  }

  next(options: StepOptions = {}): Promise<void> {
    return this.step('next', options);
  }

  async stepIn({ target, ...options }: StepOptions = {}): Promise<void> {
    if (target === undefined) return this.step('stepIn', options);
    const { targets = [] } = (await this.ask('stepInTargets', { frameId: await this.frameIdNow() })) ?? {};
    const found = targets.find(({ label }: { label: string }) => label.includes(target));
    if (!found) throw new CutShort(`no target ${target}`);
    return this.step('stepIn', { ...options, targetId: found.id }, `stepIn ${target}`);
  }

  stepOut(options: StepOptions = {}): Promise<void> {
    return this.step('stepOut', options);
  }

  /** Goes on, and waits for nothing. */
  async continue(options: StepOptions = {}): Promise<void> {
    await this.resume('continue', options);
  }

  /** Asks for a pause, and waits for nothing. */
  async pause(thread?: string): Promise<void> {
    const threadId = thread === undefined ? await this.anyThread() : await this.idOf(thread);
    await this.ask('pause', { threadId });
  }

  /** Sets the next statement, and waits for the stop there. */
  async goto(at: string): Promise<void> {
    const place = this.program.files.place(at);
    const body = await this.ask('gotoTargets', { source: { path: place.path }, line: place.line });
    if (!body) return;
    const [target] = body['targets'];
    if (!target) return this.note(`goto @${at}: no target`);
    if (await this.resume('goto', { targetId: target.id } as StepOptions))
      await this.happen(`goto @${at} -> `);
  }

  /** Starts the frame anew, and waits for the stop there. */
  async restartFrame(name?: string): Promise<void> {
    const frameId = name === undefined ? await this.frameIdNow() : (await this.frameNamed(name)).id;
    if (await this.ask('restartFrame', { frameId })) await this.happen('restartFrame -> ');
  }

  // -- what is there

  /** Chooses another stopped thread. */
  async thread(name: string): Promise<void> {
    this.threadId = await this.idOf(name);
    this.frameId = undefined;
  }

  /** Chooses another frame, by the function's name, for what follows until the next stop. */
  async frame(name: string): Promise<void> {
    this.frameId = (await this.frameNamed(name)).id;
  }

  /** The frames of the program's own files, top first; with `all` those of others too. */
  async stack({ all = false } = {}): Promise<void> {
    const frames = await this.frames();
    const places = frames.map((frame) => this.place(frame)).filter((place) => all || !place.endsWith(')'));
    this.note(`stack: ${places.join(' < ')}`);
  }

  async threads(): Promise<void> {
    this.note(`threads: ${(await this.threadNames()).join(', ')}`);
  }

  /** Sorted. */
  async threadNames(): Promise<string[]> {
    return (await this.threadList()).map(({ name }) => name).sort();
  }

  /** The values of these locals of the frame; of all without names. */
  async locals(...names: string[]): Promise<void> {
    const variables = await this.variables(await this.localsReference());
    const known = new Map(variables.map(({ name, value }) => [name, value]));
    const all = [...known.keys()].filter((name) => /^\w+$/.test(name) && !name.startsWith('__'));
    const shown = (names.length > 0 ? names : all.sort()).map((name) => `${name}=${known.get(name) ?? '?'}`);
    this.note(`locals: ${shown.join(', ')}`);
  }

  async evaluate(expression: string, context = 'watch'): Promise<void> {
    const frameId = await this.frameIdNow();
    const { success, body, message } = await this.session.send('evaluate', { expression, frameId, context });
    const error = /\b[A-Z]\w*(Error|Exception|Exit|Interrupt|Iteration)\b/.exec(message ?? '')?.[0];
    this.note(`evaluate ${expression}: ${success ? body.result : (error ?? 'refused')}`);
  }

  /** The value of an expression as text. */
  async value(expression: string): Promise<string> {
    const body = await this.ask('evaluate', {
      expression,
      frameId: await this.frameIdNow(),
      context: 'watch',
    });
    return String(body?.['result']);
  }

  /** Runs a statement in the frame, as the user types it into the console. */
  async run(statement: string): Promise<void> {
    await this.ask('evaluate', {
      expression: statement,
      frameId: await this.frameIdNow(),
      context: 'repl',
    });
  }

  async setVariable(name: string, value: string): Promise<void> {
    const variablesReference = await this.localsReference();
    const body = await this.ask('setVariable', { variablesReference, name, value });
    if (body) this.note(`set ${name}: ${body['value']}`);
  }

  /** The exception that the thread stopped at; with `chain` its causes. */
  async exceptionInfo({ chain = false } = {}): Promise<void> {
    const body = await this.ask('exceptionInfo', { threadId: this.threadId });
    if (!body) return;
    const { exceptionId, description, breakMode, details = {} } = body;
    const parts = [`${last(String(exceptionId))}: ${details.message ?? description} (${breakMode})`];
    const causes = (each: DebugProtocol.ExceptionDetails): void => {
      for (const inner of each.innerException ?? []) {
        parts.push(`${last(String(inner.typeName))}: ${inner.message}`);
        causes(inner);
      }
    };
    if (chain) causes(details);
    this.note(`exception ${parts.join(' <- ')}`);
  }

  /** The breakpoints that the last stop names. */
  hits(): void {
    const names = this.hitIds.map((id) => this.names.get(id) ?? 'unknown');
    this.note(`hit ${names.length > 0 ? names.join(', ') : 'nothing'}`);
  }

  /** The next outputs of the debugger itself. */
  async log(count = 1): Promise<void> {
    for (let i = 0; i < count; i++) {
      const { output } = await this.session.next(this.session.outputs, 'output');
      this.note(`log: ${String(output).trim()}`);
    }
  }

  /** What the program has printed since it was asked last; waits until that has this text. */
  async printed(text = ''): Promise<void> {
    let news = this.program.printed();
    const deadline = Date.now() + this.kind.limits.wait;
    while (!news.includes(text)) {
      if (Date.now() > deadline) throw new CutShort(`"${text}" is not printed`);
      await delay(2);
      news += this.program.printed();
    }
    this.note(`printed: ${news.trim().split('\n').join(' | ')}`);
  }

  // -- the transcript

  /** Writes a line of the script's own. */
  note(line: string): void {
    this.transcript.add(line);
  }

  /** Events of these names are lines of the transcript from now on. */
  show(...events: string[]): void {
    this.session.takeAll();
    for (const event of events) this.session.shown.add(event);
  }

  /** The lines that come meanwhile are sorted: for what may happen in any order. */
  sorted(what: () => Promise<void>): Promise<void> {
    return this.transcript.sorted(what);
  }

  /** Any request: its body, and a line only where it is refused. */
  async ask(command: string, args: object = {}): Promise<Body | undefined> {
    const { success, body = {} } = await this.session.send(command, args);
    if (!success) this.note(`${command}: refused`);
    return success ? (body as Body) : undefined;
  }

  // -- for the runner

  /** What came and was not asked about. */
  leftOver(): void {
    this.session.takeAll();
    for (const { reason } of this.session.stops.splice(0)) this.note(`not asked for: stopped ${reason}`);
    for (const { output } of this.session.outputs.splice(0))
      this.note(`not asked for: log ${String(output).trim()}`);
  }

  lastMessages(): string {
    return this.session.lastMessages();
  }

  /** Lets go of the program, whatever state that is in. */
  close(): Promise<void> {
    return this.session.close();
  }

  // -- parts

  private async gone(word: string): Promise<void> {
    const limit = new AbortController();
    const late = delay(this.kind.limits.wait, true, { signal: limit.signal }).catch(() => false);
    if (await Promise.race([this.program.ended().then(() => false), late]))
      throw new CutShort(`the program has not ${word}`);
    limit.abort();
    const { exit } = this.program;
    this.note(exit === 0 ? word : `${word} with ${exit}`);
  }

  private pathOf({ at, path }: LineBreakpoint): string {
    return path === undefined ? this.program.files.place(at).path : `${this.program.files.folder}/${path}`;
  }

  private async setBreakpoints(path: string, items: LineBreakpoint[]): Promise<void> {
    const breakpoints = items.map(({ at, condition, hitCondition, logMessage, mode }) => ({
      line: this.program.files.place(at).line,
      condition,
      hitCondition,
      logMessage,
      mode,
    }));
    const body = await this.ask('setBreakpoints', { source: { path }, breakpoints });
    this.tell(
      body?.['breakpoints'],
      items.map(({ at }) => `breakpoint @${at}`),
      breakpoints.map(({ line }) => line),
      path,
    );
  }

  private tell(
    answers: DebugProtocol.Breakpoint[] = [],
    names: string[],
    lines: number[] = [],
    path?: string,
  ): void {
    for (const [index, answer] of answers.entries()) {
      const name = names[index] ?? 'one too many';
      if (answer.id !== undefined) this.names.set(answer.id, name);
      const moved =
        answer.verified && answer.line !== undefined && answer.line !== (lines[index] ?? answer.line);
      const to = moved ? ` ${this.program.files.describe(path, answer.line!)}` : '';
      this.note(`${this.verdict(answer, name)}${to}`);
    }
  }

  private verdict({ verified, message }: DebugProtocol.Breakpoint, name: string): string {
    return `${name}: ${verified ? 'verified' : message ? 'unverified' : 'unverified without a reason'}`;
  }

  private async step(command: string, options: object, label = command): Promise<void> {
    if (await this.resume(command, options)) await this.happen(`${label} -> `);
  }

  private async resume(command: string, options: object): Promise<boolean> {
    const { threadId } = this;
    this.frameId = undefined;
    return (await this.ask(command, { threadId, ...options })) !== undefined;
  }

  /** Waits for the next stop and writes its line. */
  private async happen(prefix: string, where: Where = 'line'): Promise<Stopped> {
    const stop = await this.session.next(this.session.stops, 'stop').catch((error: Error) => {
      throw new CutShort(`${prefix === 'stopped ' ? '' : prefix}${error.message}`);
    });
    this.threadId = stop.threadId ?? this.threadId;
    this.frameId = undefined;
    this.hitIds = stop.hitBreakpointIds ?? [];
    const thread = (await this.threadList()).find(({ id }) => id === this.threadId)?.name;
    const suffix = thread === 'MainThread' ? '' : ` [${thread}]`;
    this.note(`${prefix}${stop.reason}${await this.shownPlace(where)}${suffix}`);
    return stop;
  }

  private async shownPlace(where: Where): Promise<string> {
    if (where === 'nowhere') return '';
    const [frame] = await this.frames(1);
    if (!frame) return ': no frame';
    return `: ${where === 'line' ? this.place(frame) : last(frame.name)}`;
  }

  private place({ name, source, line }: DebugProtocol.StackFrame): string {
    return `${last(name)} ${this.program.files.describe(source?.path ?? source?.name, line)}`;
  }

  private async frames(levels = 0): Promise<DebugProtocol.StackFrame[]> {
    const args = { threadId: this.threadId, startFrame: 0, levels };
    return (await this.ask('stackTrace', args))?.['stackFrames'] ?? [];
  }

  private async frameNamed(name: string): Promise<DebugProtocol.StackFrame> {
    const found = (await this.frames()).find((frame) => last(frame.name) === name);
    if (!found) throw new CutShort(`no frame ${name}`);
    return found;
  }

  private async frameIdNow(): Promise<number> {
    return (this.frameId ??= (await this.frames(1))[0]?.id ?? 0);
  }

  private async localsReference(): Promise<number> {
    const body = await this.ask('scopes', { frameId: await this.frameIdNow() });
    return body?.['scopes'][0]?.variablesReference ?? 0;
  }

  private async referenceOf(expression: string, frameId: number): Promise<number> {
    const body = await this.ask('evaluate', { expression, frameId, context: 'watch' });
    return body?.['variablesReference'] ?? 0;
  }

  private async variables(variablesReference: number): Promise<DebugProtocol.Variable[]> {
    return (await this.ask('variables', { variablesReference }))?.['variables'] ?? [];
  }

  private async threadList(): Promise<DebugProtocol.Thread[]> {
    return (await this.ask('threads'))?.['threads'] ?? [];
  }

  private async anyThread(): Promise<number> {
    return (await this.threadList())[0]?.id ?? 0;
  }

  private async idOf(name: string): Promise<number> {
    const found = (await this.threadList()).find((thread) => thread.name === name);
    if (!found) throw new CutShort(`no thread ${name}`);
    return found.id;
  }
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- bodies are what the scenario says they are
export type Body = Record<string, any>;

/** `Class.method`, `outer.<locals>.inner` and `package.Error`: debuggers differ in how much of a name they show. */
function last(name: string): string {
  return /[^.]*$/.exec(name)![0];
}
