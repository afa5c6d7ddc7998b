import type { DebugProtocol } from '@vscode/debugprotocol';
import type { PylatchError } from '../common/errors';
import { asPylatchError } from '../common/errors';
import type { Lifecycle } from './lifecycle';
import type { Call, RequestTable } from './requests';
import { refusal } from './requests';

/** A response without what the sender adds: `seq` and `type`. */
export interface Answer {
  request_seq: number;
  command: string;
  success: boolean;
  message?: string;
  body?: unknown;
}

/** One request between its arrival and its answer. */
class OpenCall implements Call {
  private readonly afterActions: (() => void)[] = [];
  private readonly cancelActions: (() => void)[] = [];
  private cancelled = false;

  constructor(
    readonly seq: number,
    readonly command: string,
  ) {}

  afterAnswer(action: () => void): void {
    this.afterActions.push(action);
  }

  onCancel(action: () => void): void {
    if (this.cancelled) action();
    else this.cancelActions.push(action);
  }

  cancel(): void {
    this.cancelled = true;
    for (const action of this.cancelActions.splice(0)) action();
  }

  answered(): void {
    for (const action of this.afterActions) action();
  }
}

/**
 * Gives every request exactly one answer: the handler's body, or an error. It is the only place that
 * answers, and it answers when a handler has returned or thrown, so neither none nor two are possible.
 */
export class Dispatcher {
  private readonly open = new Map<number, OpenCall>();

  constructor(
    private readonly table: RequestTable,
    private readonly lifecycle: Lifecycle,
    private readonly send: (answer: Answer) => void,
    private readonly report: (error: PylatchError) => void,
  ) {}

  dispatch(request: DebugProtocol.Request): void {
    const call = new OpenCall(request.seq, request.command);
    this.open.set(request.seq, call);
    try {
      const result = this.run(request, call);
      if (result instanceof Promise)
        result.then(
          (body) => this.succeed(call, body),
          (error) => this.fail(call, error),
        );
      else this.succeed(call, result);
    } catch (error) {
      this.fail(call, error);
    }
  }

  /** Cancels a request if it is still open. Clients cancel without knowing that the answer is on its way. */
  cancel(seq: number): void {
    this.open.get(seq)?.cancel();
  }

  private run(request: DebugProtocol.Request, call: Call): unknown {
    const { command } = request;
    const entry = Object.hasOwn(this.table, command) ? this.table[command] : undefined;
    if (!entry) throw refusal(command);
    this.lifecycle.require(command, entry.states);
    return entry.handler(request.arguments, call);
  }

  private succeed(call: OpenCall, body: unknown): void {
    this.answer(call, { success: true, ...(body === undefined ? {} : { body }) });
  }

  private fail(call: OpenCall, thrown: unknown): void {
    const error = asPylatchError(thrown);
    if (error.blame === 'internal') this.report(error);
    this.answer(call, failure(error));
  }

  private answer(call: OpenCall, rest: Pick<Answer, 'success' | 'message' | 'body'>): void {
    if (this.open.get(call.seq) === call) this.open.delete(call.seq);
    this.send({ request_seq: call.seq, command: call.command, ...rest });
    try {
      call.answered();
    } catch (error) {
      this.report(asPylatchError(error));
    }
  }
}

/** The failed part of an answer. The protocol has two fixed words for `message`; else it is the whole text. */
export function failure(error: PylatchError): Pick<Answer, 'success' | 'message' | 'body'> {
  const words: Partial<Record<PylatchError['id'], string>> = {
    cancelled: 'cancelled',
    'not-stopped': 'notStopped',
  };
  return {
    success: false,
    message: words[error.id] ?? error.message,
    body: { error: { id: error.code, format: error.message, showUser: error.blame === 'user' } },
  };
}
