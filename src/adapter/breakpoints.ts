import type { DebugProtocol } from '@vscode/debugprotocol';
import type { AgentBreakpoint, AgentCommands } from '../common/wire';
import type { AgentLink } from './agentLink';
import type { JsonObject } from './arguments';
import {
  defined,
  integer,
  object,
  optionalArray,
  optionalInteger,
  optionalString,
  optionalWord,
} from './arguments';
import type { BreakpointIds } from './breakpointIds';
import type { Client } from './client';
import type { Call } from './requests';
import type { Sources } from './sources';

const NOT_ATTACHED = 'Pylatch has not attached yet.';

/**
 * The breakpoints of the session by file. Lists that come before the
 * agent is there are answered as unverified, kept, and sent on by {@link Breakpoints.connect}.
 */
export class Breakpoints {
  private readonly files = new Map<string, AgentBreakpoint[]>();
  private link: AgentLink | undefined;

  constructor(
    private readonly client: Client,
    private readonly sources: Sources,
    private readonly ids: BreakpointIds,
  ) {}

  /** The agent is there: hands it what has waited and tells the client what became of each. */
  async connect(link: AgentLink): Promise<void> {
    this.link = link;
    await Promise.all([...this.files].map(([path, list]) => this.sendWaiting(link, path, list)));
  }

  /** Answers `setBreakpoints`. */
  async set(args: unknown, call: Call): Promise<DebugProtocol.SetBreakpointsResponse['body']> {
    const known = object(args, 'arguments of the setBreakpoints request');
    const path = this.sources.remotePath(known);
    const list = this.list(path, known);
    this.files.set(path, list);
    const answers = await this.answers(path, list, call);
    return { breakpoints: answers.map((item) => this.toClient(item)) };
  }

  /** Answers `breakpointLocations`. */
  async locations(
    link: AgentLink,
    args: unknown,
    call: Call,
  ): Promise<AgentCommands['breakpointLocations']['body']> {
    const known = object(args, 'arguments of the breakpointLocations request');
    const end = optionalInteger(known, 'endLine');
    const request = {
      path: this.sources.remotePath(known),
      line: this.client.lineFrom(integer(known, 'line')),
      endLine: end === undefined ? undefined : this.client.lineFrom(end),
    };
    const body = await link.request('breakpointLocations', defined(request), call);
    return { breakpoints: body.breakpoints.map((item) => this.client.positionsTo(item)) };
  }

  /** Passes on what the agent found out about a breakpoint later. */
  changed(body: DebugProtocol.BreakpointEvent['body']): void {
    this.client.event('breakpoint', { ...body, breakpoint: this.toClient(body.breakpoint) });
  }

  /** What the agent says about each breakpoint; that it is not there yet, before it is. */
  private async answers(
    path: string,
    list: AgentBreakpoint[],
    call: Call,
  ): Promise<DebugProtocol.Breakpoint[]> {
    if (!this.link) return list.map((item) => unverified(item, NOT_ATTACHED));
    const { breakpoints } = await this.link.request('setBreakpoints', { path, breakpoints: list }, call);
    return breakpoints;
  }

  private async sendWaiting(link: AgentLink, path: string, list: AgentBreakpoint[]): Promise<void> {
    const { breakpoints } = await link
      .request('setBreakpoints', { path, breakpoints: list })
      .catch((error: Error) => ({ breakpoints: list.map((item) => unverified(item, error.message)) }));
    for (const breakpoint of breakpoints) this.changed({ reason: 'changed', breakpoint });
  }

  private list(path: string, args: JsonObject): AgentBreakpoint[] {
    const given = optionalArray(args, 'breakpoints');
    const items = given ?? (optionalArray(args, 'lines') ?? []).map((line) => ({ line }));
    const used = new Set<number>();
    return items.map((item, index) => this.breakpoint(path, object(item, `"breakpoints[${index}]"`), used));
  }

  private breakpoint(path: string, item: JsonObject, used: Set<number>): AgentBreakpoint {
    const line = this.client.lineFrom(integer(item, 'line'));
    return defined<AgentBreakpoint>({
      id: this.ids.of(`${line}:${path}`, used),
      line,
      condition: optionalString(item, 'condition') || undefined,
      hitCondition: optionalString(item, 'hitCondition') || undefined,
      logMessage: optionalString(item, 'logMessage') || undefined,
      mode: optionalWord(item, 'mode', ['stop', 'snapshot']) === 'snapshot' ? 'snapshot' : undefined,
    });
  }

  /** What the agent says of a breakpoint, as the client is to see it. */
  toClient(item: DebugProtocol.Breakpoint): DebugProtocol.Breakpoint {
    const shown = item.source ? { ...item, source: this.sources.toClient(item.source) } : item;
    return this.client.positionsTo(shown);
  }
}

function unverified({ id, line }: AgentBreakpoint, message: string): DebugProtocol.Breakpoint {
  return { id, verified: false, line, message, reason: 'pending' };
}
