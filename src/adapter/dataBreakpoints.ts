import type { DebugProtocol } from '@vscode/debugprotocol';
import type { AgentCommands, AgentDataBreakpoint } from '../common/wire';
import type { AgentLink } from './agentLink';
import type { JsonObject } from './arguments';
import {
  defined,
  object,
  optionalArray,
  optionalInteger,
  optionalText,
  optionalWord,
  string,
} from './arguments';
import type { BreakpointIds } from './breakpointIds';
import type { Call } from './requests';
import type { Snapshots } from './snapshots';
import { waiting } from './waiting';

type InfoArguments = AgentCommands['dataBreakpointInfo']['arguments'];
type InfoBody = AgentCommands['dataBreakpointInfo']['body'];

/** Breakpoints on a change of a value. What they watch is known to the agent alone, by the data ids that it gives. */
export class DataBreakpoints {
  private link: AgentLink | undefined;

  constructor(
    private readonly ids: BreakpointIds,
    private readonly snapshots: Snapshots,
  ) {}

  /** The agent is there. Nothing has waited for it: data ids are of one session. */
  connect(link: AgentLink): void {
    this.link = link;
  }

  /** Answers `dataBreakpointInfo`: of a row of the variables view, or of an expression in a frame. */
  async info(link: AgentLink, raw: unknown, call: Call): Promise<InfoBody> {
    const args = object(raw, 'arguments of the dataBreakpointInfo request');
    const request = defined<InfoArguments>({
      name: string(args, 'name'),
      variablesReference: optionalInteger(args, 'variablesReference'),
      frameId: optionalInteger(args, 'frameId'),
    });
    if (this.snapshots.owns(request.variablesReference ?? 0)) {
      return { dataId: null, description: 'A snapshot shows values of the past: choose one of a stop.' };
    }
    return link.request('dataBreakpointInfo', request, call);
  }

  /** Answers `setDataBreakpoints`. */
  async set(raw: unknown, call: Call): Promise<DebugProtocol.SetDataBreakpointsResponse['body']> {
    const args = object(raw, 'arguments of the setDataBreakpoints request');
    const used = new Set<number>();
    const breakpoints = (optionalArray(args, 'breakpoints') ?? []).map((item, index) =>
      this.breakpoint(object(item, `"breakpoints[${index}]"`), used),
    );
    if (this.link) return this.link.request('setDataBreakpoints', { breakpoints }, call);
    return waiting(breakpoints);
  }

  private breakpoint(item: JsonObject, used: Set<number>): AgentDataBreakpoint {
    const dataId = string(item, 'dataId');
    // The one that `info` offers.
    optionalWord(item, 'accessType', ['write']);
    return defined<AgentDataBreakpoint>({
      id: this.ids.of(`data:${dataId}`, used),
      dataId,
      condition: optionalText(item, 'condition'),
      hitCondition: optionalText(item, 'hitCondition'),
    });
  }
}
