import type { DebugProtocol } from '@vscode/debugprotocol';
import { PylatchError } from '../common/errors';
import type { AgentCommands, AgentDataBreakpoint } from '../common/wire';
import type { AgentLink } from './agentLink';
import type { JsonObject } from './arguments';
import { defined, object, optionalArray, optionalInteger, optionalString, string } from './arguments';
import type { BreakpointIds } from './breakpointIds';
import type { Call } from './requests';

type InfoArguments = AgentCommands['dataBreakpointInfo']['arguments'];
type InfoBody = AgentCommands['dataBreakpointInfo']['body'];
type Answer = DebugProtocol.Breakpoint;

const NOT_ATTACHED = 'Pylatch has not attached yet: choose the value while the program is stopped.';

/** Breakpoints on a change of a value. What they watch is known to the agent alone, by the data ids that it gives. */
export class DataBreakpoints {
  private link: AgentLink | undefined;

  constructor(private readonly ids: BreakpointIds) {}

  /** The agent is there. Nothing has waited for it: data ids are of one session. */
  connect(link: AgentLink): void {
    this.link = link;
  }

  /** Answers `dataBreakpointInfo`: of a row of the variables view, or of an expression in a frame. */
  info(link: AgentLink, raw: unknown, call: Call): Promise<InfoBody> {
    const args = object(raw, 'arguments of the dataBreakpointInfo request');
    const request = defined<InfoArguments>({
      name: string(args, 'name'),
      variablesReference: optionalInteger(args, 'variablesReference'),
      frameId: optionalInteger(args, 'frameId'),
    });
    return link.request('dataBreakpointInfo', request, call);
  }

  /** Answers `setDataBreakpoints`. */
  async set(raw: unknown, call: Call): Promise<{ breakpoints: Answer[] }> {
    const args = object(raw, 'arguments of the setDataBreakpoints request');
    const used = new Set<number>();
    const breakpoints = (optionalArray(args, 'breakpoints') ?? []).map((item, index) =>
      this.breakpoint(object(item, `"breakpoints[${index}]"`), used),
    );
    if (this.link) return this.link.request('setDataBreakpoints', { breakpoints }, call);
    return { breakpoints: breakpoints.map(({ id }) => ({ id, verified: false, message: NOT_ATTACHED })) };
  }

  private breakpoint(item: JsonObject, used: Set<number>): AgentDataBreakpoint {
    const dataId = string(item, 'dataId');
    const accessType = optionalString(item, 'accessType') ?? 'write';
    if (accessType !== 'write') {
      const text = `Pylatch does not know the access type "${accessType}".`;
      throw new PylatchError(
        'bad-arguments',
        text,
        'Use "write": the program stops where the value changes.',
      );
    }
    return defined<AgentDataBreakpoint>({
      id: this.ids.of(`data:${dataId}`, used),
      dataId,
      condition: optionalString(item, 'condition') || undefined,
      hitCondition: optionalString(item, 'hitCondition') || undefined,
    });
  }
}
