import type { DebugProtocol } from '@vscode/debugprotocol';
import type { AgentFunctionBreakpoint } from '../common/wire';
import type { AgentLink } from './agentLink';
import type { JsonObject } from './arguments';
import { defined, object, optionalArray, optionalString, string } from './arguments';
import type { BreakpointIds } from './breakpointIds';
import type { Breakpoints } from './breakpoints';
import type { Call } from './requests';

type Answer = DebugProtocol.Breakpoint;

const NOT_ATTACHED = 'Pylatch has not attached yet.';

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
    const { breakpoints } = await link.request('setFunctionBreakpoints', { breakpoints: this.list });
    for (const breakpoint of breakpoints) this.breakpoints.changed({ reason: 'changed', breakpoint });
  }

  /** Answers `setFunctionBreakpoints`. */
  async set(raw: unknown, call: Call): Promise<{ breakpoints: Answer[] }> {
    const args = object(raw, 'arguments of the setFunctionBreakpoints request');
    const used = new Set<number>();
    this.list = (optionalArray(args, 'breakpoints') ?? []).map((item, index) =>
      this.breakpoint(object(item, `"breakpoints[${index}]"`), used),
    );
    if (!this.link) return { breakpoints: this.list.map(unverified) };
    const body = await this.link.request('setFunctionBreakpoints', { breakpoints: this.list }, call);
    return { breakpoints: body.breakpoints.map((item) => this.breakpoints.toClient(item)) };
  }

  private breakpoint(item: JsonObject, used: Set<number>): AgentFunctionBreakpoint {
    const name = string(item, 'name');
    return defined<AgentFunctionBreakpoint>({
      id: this.ids.of(`function:${name}`, used),
      name,
      condition: optionalString(item, 'condition') || undefined,
      hitCondition: optionalString(item, 'hitCondition') || undefined,
    });
  }
}

function unverified({ id }: AgentFunctionBreakpoint): Answer {
  return { id, verified: false, message: NOT_ATTACHED, reason: 'pending' };
}
