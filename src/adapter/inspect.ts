import type { AgentCommands } from '../common/wire';
import type { AgentLink } from './agentLink';
import type { JsonObject } from './arguments';
import {
  defined,
  integer,
  object,
  optionalBoolean,
  optionalInteger,
  optionalString,
  optionalWord,
  string,
} from './arguments';
import type { Client } from './client';
import type { Call } from './requests';
import type { Snapshots } from './snapshots';
import type { Sources } from './sources';
import type { Stops } from './stops';

type Arguments<C extends keyof AgentCommands> = AgentCommands[C]['arguments'];
type Body<C extends keyof AgentCommands> = AgentCommands[C]['body'];

/** The requests that look at, or change, the values of the program. Each takes the link that is there now. */
export class Inspect {
  constructor(
    private readonly client: Client,
    private readonly stops: Stops,
    private readonly sources: Sources,
    private readonly snapshots: Snapshots,
  ) {}

  async stackTrace(link: AgentLink, raw: unknown, call: Call): Promise<Body<'stackTrace'>> {
    const args = object(raw, 'arguments of the stackTrace request');
    const threadId = integer(args, 'threadId');
    const startFrame = optionalInteger(args, 'startFrame') ?? 0;
    const levels = optionalInteger(args, 'levels') ?? 0;
    const known = this.stops.frames(threadId, startFrame, levels);
    if (known) return known as Body<'stackTrace'>;
    const body = await link.request('stackTrace', { threadId, startFrame, levels }, call);
    return { ...body, stackFrames: body.stackFrames.map((frame) => this.stops.frameToClient(frame)) };
  }

  scopes(link: AgentLink, raw: unknown, call: Call): Body<'scopes'> | Promise<Body<'scopes'>> {
    const frameId = integer(object(raw, 'arguments of the scopes request'), 'frameId');
    const known = this.stops.scopes(frameId);
    return known ? { scopes: known } : link.request('scopes', { frameId }, call);
  }

  variables(link: AgentLink, raw: unknown, call: Call): Body<'variables'> | Promise<Body<'variables'>> {
    const args = object(raw, 'arguments of the variables request');
    const request = defined<Arguments<'variables'>>({
      variablesReference: integer(args, 'variablesReference'),
      filter: optionalWord(args, 'filter', ['indexed', 'named']),
      start: optionalInteger(args, 'start'),
      // A count of 0 or none means all.
      count: optionalInteger(args, 'count') || undefined,
      hex: hex(args),
    });
    if (this.snapshots.owns(request.variablesReference)) return { variables: this.snapshots.rows(request) };
    const whole = Object.keys(request).length === 1;
    const known = whole ? this.stops.variables(request.variablesReference) : undefined;
    return known ? { variables: known } : link.request('variables', request, call);
  }

  async setVariable(link: AgentLink, raw: unknown, call: Call): Promise<Body<'setVariable'>> {
    const args = object(raw, 'arguments of the setVariable request');
    const request = defined<Arguments<'setVariable'>>({
      variablesReference: integer(args, 'variablesReference'),
      name: string(args, 'name'),
      value: string(args, 'value'),
      hex: hex(args),
    });
    this.snapshots.refuseChange(request.variablesReference);
    return this.changing(call, () => link.request('setVariable', request, call));
  }

  async setExpression(link: AgentLink, raw: unknown, call: Call): Promise<Body<'setExpression'>> {
    const args = object(raw, 'arguments of the setExpression request');
    const request = defined<Arguments<'setExpression'>>({
      expression: string(args, 'expression'),
      value: string(args, 'value'),
      frameId: optionalInteger(args, 'frameId'),
      hex: hex(args),
    });
    return this.changing(call, () => link.request('setExpression', request, call));
  }

  /** Any expression may change values, by a call for example; only the client's console is likely to. */
  async evaluate(link: AgentLink, raw: unknown, call: Call): Promise<Body<'evaluate'>> {
    const args = object(raw, 'arguments of the evaluate request');
    const request = defined<Arguments<'evaluate'>>({
      expression: string(args, 'expression'),
      frameId: optionalInteger(args, 'frameId'),
      context: optionalString(args, 'context'),
      hex: hex(args),
    });
    try {
      return await link.request('evaluate', request, call);
    } finally {
      this.stops.forgetVariables();
    }
  }

  completions(link: AgentLink, raw: unknown, call: Call): Promise<Body<'completions'>> {
    const args = object(raw, 'arguments of the completions request');
    const line = optionalInteger(args, 'line');
    const request = defined<Arguments<'completions'>>({
      text: string(args, 'text'),
      column: this.client.columnFrom(integer(args, 'column')),
      line: line === undefined ? undefined : this.client.lineFrom(line),
      frameId: optionalInteger(args, 'frameId'),
    });
    return link.request('completions', request, call);
  }

  source(link: AgentLink, raw: unknown, call: Call): Promise<Body<'source'>> {
    const args = object(raw, 'arguments of the source request');
    return link.request('source', this.sources.requested(args), call);
  }

  /** Answers `pylatch/instrumentation`. */
  async instrumentation(link: AgentLink, call: Call): Promise<Body<'instrumentation'>> {
    const body = await link.request('instrumentation', {}, call);
    const codeObjects = body.codeObjects.map((row) => {
      const path = this.sources.toClient({ path: row.path }).path ?? row.path;
      return this.client.positionsTo({ ...row, path });
    });
    return { ...body, codeObjects };
  }

  /** Also a failed change may have changed something. */
  private async changing<T>(call: Call, change: () => Promise<T>): Promise<T> {
    call.afterAnswer(() => this.client.variablesChanged());
    try {
      return await change();
    } finally {
      this.stops.forgetVariables();
    }
  }
}

/** `format.hex`, only where it is true. */
function hex(args: JsonObject): true | undefined {
  const format = args['format'];
  if (format === undefined || format === null) return undefined;
  return optionalBoolean(object(format, '"format"'), 'hex') ? true : undefined;
}
