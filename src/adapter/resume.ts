import type { AgentCommands, StepArguments } from '../common/wire';
import type { AgentLink } from './agentLink';
import { defined, integer, object, optionalBoolean, optionalInteger } from './arguments';
import type { Client } from './client';
import type { Call } from './requests';
import type { Stops } from './stops';

type Step = 'next' | 'stepIn' | 'stepOut';

/** Continue, the steps and pause. */
export class Resume {
  /** With `stopThreads: 'one'` each thread stops and goes on for itself. */
  threadsAreSeparate = false;

  constructor(
    private readonly client: Client,
    private readonly stops: Stops,
  ) {}

  async continue(link: AgentLink, raw: unknown, call: Call): Promise<AgentCommands['continue']['body']> {
    const args = object(raw, 'arguments of the continue request');
    const request = defined<AgentCommands['continue']['arguments']>({
      threadId: integer(args, 'threadId'),
      singleThread: optionalBoolean(args, 'singleThread'),
    });
    return this.resume(request, call, () => link.request('continue', request));
  }

  async step(link: AgentLink, step: Step, raw: unknown, call: Call): Promise<Record<string, never>> {
    const args = object(raw, `arguments of the ${step} request`);
    const request = defined<StepArguments>({
      threadId: integer(args, 'threadId'),
      singleThread: optionalBoolean(args, 'singleThread'),
      targetId: step === 'stepIn' ? optionalInteger(args, 'targetId') : undefined,
    });
    return this.resume(request, call, () => link.request(step, request));
  }

  async pause(link: AgentLink, raw: unknown): Promise<Record<string, never>> {
    const threadId = integer(object(raw, 'arguments of the pause request'), 'threadId');
    return link.request('pause', { threadId });
  }

  /** The threads count as running from here on, so that a second resume is refused and not queued. */
  private async resume<T>(request: StepArguments, call: Call, send: () => Promise<T>): Promise<T> {
    this.stops.hold();
    const { mixed } = this.stops;
    const onlyThis = this.threadsAreSeparate || request.singleThread === true;
    const takeBack = this.stops.resumed(request.threadId, onlyThis);
    try {
      const body = await send();
      if (mixed && !onlyThis) call.afterAnswer(() => this.tellAll(request.threadId));
      return body;
    } catch (error) {
      takeBack();
      throw error;
    } finally {
      call.afterAnswer(() => this.stops.release());
    }
  }

  /** Clients take a step for one thread's, and the others for what they were told of each. */
  private tellAll(threadId: number): void {
    this.client.event('continued', { threadId, allThreadsContinued: true });
  }
}
