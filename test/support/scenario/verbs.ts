import { setTimeout as delay } from 'node:timers/promises';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { CutShort, Session } from './session';
import { last } from './stage';
import { StepVerbs } from './steps';

/** What a scenario's script can do and ask. The lines that each verb writes are named in `../scenario.ts`. */
export class Verbs extends StepVerbs {
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

  /** The next outputs of the debugger itself; `words: false` where they are its own. */
  async log(count = 1, { words = true } = {}): Promise<void> {
    for (let i = 0; i < count; i++) {
      const { output } = await this.session.next(this.session.outputs, 'output');
      this.note(words ? `log: ${String(output).trim()}` : 'log');
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

  /** Events of these names are lines of the transcript from now on. */
  show(...events: string[]): void {
    this.session.takeAll();
    for (const event of events) this.session.shown.add(event);
  }

  /** The lines that come meanwhile are sorted: for what may happen in any order. */
  sorted(what: () => Promise<void>): Promise<void> {
    return this.transcript.sorted(what);
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

  private async variables(variablesReference: number): Promise<DebugProtocol.Variable[]> {
    return (await this.ask('variables', { variablesReference }))?.['variables'] ?? [];
  }
}
