import type { AgentCommands } from '../common/wire';
import type { AgentLink } from './agentLink';
import { integer, object } from './arguments';
import type { Client } from './client';
import type { Call } from './requests';
import type { Sources } from './sources';
import type { Stops } from './stops';

type Body<C extends keyof AgentCommands> = AgentCommands[C]['body'];

/** Set next statement, restart frame and the targets of a step into. */
export class Jumps {
  constructor(
    private readonly client: Client,
    private readonly stops: Stops,
    private readonly sources: Sources,
  ) {}

  async stepInTargets(link: AgentLink, raw: unknown, call: Call): Promise<Body<'stepInTargets'>> {
    const frameId = integer(object(raw, 'arguments of the stepInTargets request'), 'frameId');
    const { targets } = await link.request('stepInTargets', { frameId }, call);
    return { targets: targets.map((target) => this.client.positionsTo(target)) };
  }

  async gotoTargets(link: AgentLink, raw: unknown, call: Call): Promise<Body<'gotoTargets'>> {
    const args = object(raw, 'arguments of the gotoTargets request');
    const path = this.sources.remotePath(args);
    const line = this.client.lineFrom(integer(args, 'line'));
    const { targets } = await link.request('gotoTargets', { path, line }, call);
    return { targets: targets.map((target) => this.client.positionsTo(target)) };
  }

  goto(link: AgentLink, raw: unknown, call: Call): Promise<Body<'goto'>> {
    const args = object(raw, 'arguments of the goto request');
    const request = { threadId: integer(args, 'threadId'), targetId: integer(args, 'targetId') };
    return this.moving(call, () => link.request('goto', request));
  }

  restartFrame(link: AgentLink, raw: unknown, call: Call): Promise<Body<'restartFrame'>> {
    const frameId = integer(object(raw, 'arguments of the restartFrame request'), 'frameId');
    return this.moving(call, () => link.request('restartFrame', { frameId }));
  }

  /** The `stopped` event at the new place comes behind the answer. */
  private async moving<T>(call: Call, send: () => Promise<T>): Promise<T> {
    this.stops.hold();
    call.afterAnswer(() => this.stops.release());
    return send();
  }
}
