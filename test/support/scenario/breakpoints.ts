import type { DebugProtocol } from '@vscode/debugprotocol';
import { CutShort } from './session';
import type { Body } from './stage';
import { Stage } from './stage';

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

const CONDITIONS = [
  ['condition', 'supportsConditionalBreakpoints', 'conditions'],
  ['hitCondition', 'supportsHitConditionalBreakpoints', 'hit conditions'],
  ['logMessage', 'supportsLogPoints', 'log points'],
  ['mode', 'breakpointModes', 'breakpoint modes'],
] as const;

/** The verbs that set breakpoints, and what is told about them. */
export class BreakpointVerbs extends Stage {
  protected hitIds: number[] = [];
  /** What each breakpoint is called, by its id. */
  private readonly names = new Map<number, string>();
  /** The paths that have breakpoints. */
  private paths: string[] = [];

  /** Replaces the line breakpoints of all files. */
  async breakpoints(...list: (string | LineBreakpoint)[]): Promise<void> {
    const byPath = new Map<string, LineBreakpoint[]>(this.paths.map((path) => [path, []]));
    for (const item of list.map((each) => (typeof each === 'string' ? { at: each } : each))) {
      this.offerAll(item);
      const path = this.pathOf(item);
      byPath.set(path, [...(byPath.get(path) ?? []), item]);
    }
    this.paths = [...byPath].filter(([, each]) => each.length > 0).map(([path]) => path);
    for (const [path, each] of byPath) await this.setBreakpoints(path, each);
  }

  async functionBreakpoints(...list: (string | FunctionBreakpoint)[]): Promise<void> {
    const breakpoints = list.map((item) => (typeof item === 'string' ? { name: item } : item));
    const body = await this.ask('setFunctionBreakpoints', { breakpoints });
    const names = breakpoints.map(({ name }) => `function ${name}`);
    this.tell(body?.['breakpoints'], names);
  }

  async dataBreakpoints(...list: (string | DataBreakpoint)[]): Promise<void> {
    const breakpoints: object[] = [];
    const names: string[] = [];
    for (const item of list.map((each) => (typeof each === 'string' ? { name: each } : each))) {
      const { name, of, ...rest } = item;
      const label = `data ${of === undefined ? '' : `${of} `}${name}`;
      const dataId = (await this.dataBreakpointInfo(item))?.['dataId'];
      if (dataId) {
        breakpoints.push({ ...rest, dataId });
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

  /** Filters alone, or with conditions. */
  async exceptions(...list: (string | ExceptionBreakpoint)[]): Promise<void> {
    const filters = list.filter((item) => typeof item === 'string');
    const conditional = list.filter((item) => typeof item !== 'string');
    if (conditional.length > 0)
      this.session.offer('supportsExceptionFilterOptions', 'conditions of exceptions');
    const offered = (this.session.capabilities.exceptionBreakpointFilters ?? []).map(({ filter }) => filter);
    for (const filter of [...filters, ...conditional.map((item) => item.filter)])
      if (!offered.includes(filter)) throw new CutShort(`not offered: exceptions ${filter}`);
    const filterOptions = conditional.map(({ filter, condition }) => ({ filterId: filter, condition }));
    const args = conditional.length > 0 ? { filters, filterOptions } : { filters };
    const body = await this.ask('setExceptionBreakpoints', args);
    const answers: DebugProtocol.Breakpoint[] = body?.['breakpoints'] ?? [];
    const names = [...filters, ...conditional.map((item) => item.filter)];
    for (const [index, answer] of answers.entries())
      if (!answer.verified) this.note(this.verdict(answer, `exceptions ${names[index]}`));
  }

  /** The lines between two places that are offered for breakpoints. */
  async locations(from: string, to: string): Promise<void> {
    this.session.offer('supportsBreakpointLocationsRequest', 'breakpointLocations');
    const { path, line } = this.program.files.place(from);
    const endLine = this.program.files.place(to).line;
    const body = await this.ask('breakpointLocations', { source: { path }, line, endLine });
    const found: DebugProtocol.BreakpointLocation[] = body?.['breakpoints'] ?? [];
    this.note(`locations: ${found.map((each) => this.program.files.describe(path, each.line)).join(', ')}`);
  }

  /** The next breakpoint that is told to be another than before. */
  async changed(): Promise<void> {
    const breakpoint = await this.session.next(this.session.changes, 'breakpoint event');
    this.note(`changed: ${this.verdict(breakpoint, this.names.get(breakpoint.id ?? -1) ?? 'unknown')}`);
  }

  /** The breakpoints that the last stop names. */
  hits(): void {
    const names = this.hitIds.map((id) => this.names.get(id) ?? 'unknown');
    this.note(`hit ${names.length > 0 ? names.join(', ') : 'nothing'}`);
  }

  private offerAll(item: LineBreakpoint): void {
    for (const [key, capability, what] of CONDITIONS)
      if (item[key] !== undefined) this.session.offer(capability, what);
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
    const answers: DebugProtocol.Breakpoint[] = body?.['breakpoints'] ?? [];
    const moved = answers.map(({ verified, line }, index) =>
      verified && line !== undefined && line !== breakpoints[index]?.line
        ? ` ${this.program.files.describe(path, line)}`
        : '',
    );
    this.tell(
      answers,
      items.map(({ at }) => `breakpoint @${at}`),
      moved,
    );
  }

  private tell(
    answers: DebugProtocol.Breakpoint[] = [],
    names: string[],
    additions: readonly string[] = [],
  ): void {
    for (const [index, answer] of answers.entries()) {
      const name = names[index] ?? 'one too many';
      if (answer.id !== undefined) this.names.set(answer.id, name);
      this.note(`${this.verdict(answer, name)}${additions[index] ?? ''}`);
    }
  }

  private verdict({ verified, message }: DebugProtocol.Breakpoint, name: string): string {
    return `${name}: ${verified ? 'verified' : message ? 'unverified' : 'unverified without a reason'}`;
  }

  private async referenceOf(expression: string, frameId: number): Promise<number> {
    const body = await this.ask('evaluate', { expression, frameId, context: 'watch' });
    return body?.['variablesReference'] ?? 0;
  }
}
