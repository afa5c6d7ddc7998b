import type { DebugProtocol } from '@vscode/debugprotocol';
import { BreakpointVerbs } from './breakpoints';
import type { Stopped } from './session';
import { CutShort } from './session';
import { last } from './stage';

export interface StepOptions {
  singleThread?: boolean;
  granularity?: DebugProtocol.SteppingGranularity;
}

/** What debuggers call threads to which the program has given no name. */
const OWN_NAMES = /^(Thread|Dummy)-\d+/;

/** What a stop's line tells of where: function and line, the function alone, or nothing. */
export type Where = 'line' | 'function' | 'nowhere';

/** The verbs that make the program go on, and stop. */
export class StepVerbs extends BreakpointVerbs {
  /** The next stop. */
  stop({ where = 'line' }: { where?: Where } = {}): Promise<Stopped> {
    return this.happen('stopped ', where);
  }

  next(options: StepOptions = {}): Promise<void> {
    return this.step('next', options);
  }

  /** @param options `target`: part of the label of the call to step into */
  async stepIn({ target, ...options }: StepOptions & { target?: string } = {}): Promise<void> {
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
  async continue(options: { singleThread?: boolean } = {}): Promise<void> {
    await this.resume('continue', options);
  }

  /** Asks for a pause, and waits for nothing. */
  async pause(thread = 'MainThread'): Promise<void> {
    await this.ask('pause', { threadId: await this.idOf(thread) });
  }

  /** Sets the next statement, and waits for the stop there. */
  async goto(at: string): Promise<void> {
    const { path, line } = this.program.files.place(at);
    const body = await this.ask('gotoTargets', { source: { path }, line });
    if (!body) return;
    const [target] = body['targets'];
    if (!target) this.note(`goto @${at}: no target`);
    else if (await this.resume('goto', { targetId: target.id })) await this.happen(`goto @${at} -> `);
  }

  /** Starts a frame anew, by its function's name or the top one, and waits for the stop there. */
  async restartFrame(name?: string): Promise<void> {
    const frameId = name === undefined ? await this.frameIdNow() : (await this.frameNamed(name)).id;
    if (await this.ask('restartFrame', { frameId })) await this.happen('restartFrame -> ');
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
    const thread = (await this.threadList()).find(({ id }) => id === this.threadId)?.name ?? 'unknown';
    const suffix = thread === 'MainThread' ? '' : ` [${OWN_NAMES.test(thread) ? 'unnamed' : thread}]`;
    this.note(`${prefix}${stop.reason}${await this.whereabouts(where)}${suffix}`);
    return stop;
  }

  private async whereabouts(where: Where): Promise<string> {
    if (where === 'nowhere') return '';
    const [frame] = await this.frames(1);
    if (!frame) return ': no frame';
    return `: ${where === 'line' ? this.place(frame) : last(frame.name)}`;
  }
}
