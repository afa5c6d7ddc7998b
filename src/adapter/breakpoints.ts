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
  optionalText,
  optionalWord,
} from './arguments';
import type { BreakpointIds } from './breakpointIds';
import type { Client } from './client';
import type { Call } from './requests';
import type { Sources } from './sources';
import { delivered, waiting } from './waiting';

/** A file's list that waits, with the request's arguments: path mappings are known with the attach only. */
interface Waiting {
  args: JsonObject;
  list: AgentBreakpoint[];
}

/**
 * The breakpoints in files. Lists that come before the agent is there are answered as unverified, kept, and sent on by
 * {@link Breakpoints.connect}.
 */
export class Breakpoints {
  /** By the name of the source on the client's side. */
  private readonly files = new Map<string, Waiting>();
  private link: AgentLink | undefined;

  constructor(
    private readonly client: Client,
    private readonly sources: Sources,
    private readonly ids: BreakpointIds,
  ) {}

  /** The agent is there: hands it what has waited and tells the client what became of each. */
  async connect(link: AgentLink): Promise<void> {
    this.link = link;
    const lists = [...this.files.values()];
    this.files.clear();
    await Promise.all(lists.map((file) => this.sendWaiting(link, file)));
  }

  /** Answers `setBreakpoints`. */
  async set(raw: unknown, call: Call): Promise<DebugProtocol.SetBreakpointsResponse['body']> {
    const args = object(raw, 'arguments of the setBreakpoints request');
    const path = this.sources.remotePath(args);
    const file = this.sources.clientName(args);
    const list = this.list(file, args);
    if (!this.link) {
      this.files.set(file, { args, list });
      return this.toClients(waiting(list).breakpoints);
    }
    const { breakpoints } = await this.link.request('setBreakpoints', { path, breakpoints: list }, call);
    return this.toClients(breakpoints);
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

  /** Tells the client of breakpoints that the agent has taken, or has not. */
  changedAll(breakpoints: DebugProtocol.Breakpoint[]): void {
    for (const breakpoint of breakpoints) this.changed({ reason: 'changed', breakpoint });
  }

  /** What the agent says of breakpoints, as the client is to see it. */
  toClients(breakpoints: DebugProtocol.Breakpoint[]): { breakpoints: DebugProtocol.Breakpoint[] } {
    return { breakpoints: breakpoints.map((item) => this.toClient(item)) };
  }

  private async sendWaiting(link: AgentLink, { args, list }: Waiting): Promise<void> {
    const path = this.sources.remotePath(args);
    const answer = link.request('setBreakpoints', { path, breakpoints: list });
    this.changedAll(await delivered(list, answer));
  }

  private list(file: string, args: JsonObject): AgentBreakpoint[] {
    const given = optionalArray(args, 'breakpoints');
    const items = given ?? (optionalArray(args, 'lines') ?? []).map((line) => ({ line }));
    const used = new Set<number>();
    return items.map((item, index) => this.breakpoint(file, object(item, `"breakpoints[${index}]"`), used));
  }

  private breakpoint(file: string, item: JsonObject, used: Set<number>): AgentBreakpoint {
    const line = this.client.lineFrom(integer(item, 'line'));
    return defined<AgentBreakpoint>({
      id: this.ids.of(`${line}:${file}`, used),
      line,
      condition: optionalText(item, 'condition'),
      hitCondition: optionalText(item, 'hitCondition'),
      logMessage: optionalString(item, 'logMessage') || undefined,
      mode: optionalWord(item, 'mode', ['stop', 'snapshot']) === 'snapshot' ? 'snapshot' : undefined,
    });
  }

  private toClient(item: DebugProtocol.Breakpoint): DebugProtocol.Breakpoint {
    const shown = item.source ? { ...item, source: this.sources.toClient(item.source) } : item;
    return this.client.positionsTo(shown);
  }
}
