import type { DebugProtocol } from '@vscode/debugprotocol';
import type { AgentFunctionBreakpoint } from '../common/wire';
import type { AgentLink } from './agentLink';
import type { JsonObject } from './arguments';
import { defined, object, optionalArray, optionalText, string } from './arguments';
import type { BreakpointIds } from './breakpointIds';
import type { Breakpoints } from './breakpoints';
import type { Call } from './requests';
import { delivered, waiting } from './waiting';

/** Breakpoints on the start of functions, by name. A list that comes before the agent is there waits for it. */
export class FunctionBreakpoints {
  private list: AgentFunctionBreakpoint[] = [];
  private link: AgentLink | undefined;

  /** @param breakpoints tells the client what the agent says of a breakpoint */
  constructor(
    private readonly breakpoints: Breakpoints,
    private readonly ids: BreakpointIds,
  ) {}

  /** The agent is there: hands it the list, and tells the client what became of each. */
  async connect(link: AgentLink): Promise<void> {
    this.link = link;
    if (this.list.length === 0) return;
    const answer = link.request('setFunctionBreakpoints', { breakpoints: this.list });
    this.breakpoints.changedAll(await delivered(this.list, answer));
  }

  /** Answers `setFunctionBreakpoints`. */
  async set(raw: unknown, call: Call): Promise<DebugProtocol.SetFunctionBreakpointsResponse['body']> {
    const args = object(raw, 'arguments of the setFunctionBreakpoints request');
    const used = new Set<number>();
    this.list = (optionalArray(args, 'breakpoints') ?? []).map((item, index) =>
      this.breakpoint(object(item, `"breakpoints[${index}]"`), used),
    );
    if (!this.link) return waiting(this.list);
    const body = await this.link.request('setFunctionBreakpoints', { breakpoints: this.list }, call);
    return this.breakpoints.toClients(body.breakpoints);
  }

  private breakpoint(item: JsonObject, used: Set<number>): AgentFunctionBreakpoint {
    const name = string(item, 'name');
    return defined<AgentFunctionBreakpoint>({
      id: this.ids.of(`function:${name}`, used),
      name,
      condition: optionalText(item, 'condition'),
      hitCondition: optionalText(item, 'hitCondition'),
    });
  }
}
