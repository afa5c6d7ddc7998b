import type { FrameSocket } from '../common/frames';
import { asPylatchError, isErrorId, PylatchError } from '../common/errors';
import type { Log } from '../common/log';
import type { AgentAnswer, AgentCommand, AgentCommands, AgentEvent, AgentMessage } from '../common/wire';
import type { Call } from './requests';
import { trace } from './trace';

interface Pending {
  resolve(body: unknown): void;
  reject(error: PylatchError): void;
}

type Body<C extends AgentCommand> = AgentCommands[C]['body'];

/**
 * Requests to the agent and events from it, over one socket. Answers are matched by number and may come in
 * any order; whatever is open when the socket closes is rejected with the error that says why it closed.
 */
export class AgentLink {
  private seq = 0;
  private readonly pending = new Map<number, Pending>();
  private closed: PylatchError | undefined;
  /** Settled when the connection has gone. The agent closes it as the very last thing it does. */
  readonly gone: Promise<void>;

  constructor(
    private readonly frames: FrameSocket,
    private readonly log: Log,
  ) {
    this.gone = new Promise((resolve) => frames.onClose(() => resolve()));
  }

  /** Sets the one listener of events; those that came before are handed to it in order. */
  onEvent(listener: (event: AgentEvent) => void): void {
    this.frames.onMessage((message) => this.receive(message, listener));
  }

  /** Calls back once when the connection has gone; requests still open wait for {@link fail}. */
  onClose(listener: () => void): void {
    this.frames.onClose((error) => {
      this.log.write('link', error ? `closed: ${error.message}` : 'closed');
      this.closed ??= new PylatchError('agent-lost', 'The connection to the process is closed.');
      listener();
    });
  }

  /**
   * Sends a request and gives its body.
   * @param call the DAP request it serves; cancelling that one cancels this one too
   * @throws PylatchError what the agent refused with, `cancelled`, `agent-lost` or `target-ended`
   */
  request<C extends AgentCommand>(
    command: C,
    args: AgentCommands[C]['arguments'],
    call?: Call,
  ): Promise<Body<C>> {
    if (this.closed) return Promise.reject(this.closed);
    const seq = ++this.seq;
    const answer = new Promise<unknown>((resolve, reject) => this.pending.set(seq, { resolve, reject }));
    this.send({ seq, command, arguments: args });
    call?.onCancel(() => this.cancel(seq));
    return answer as Promise<Body<C>>;
  }

  /** Ends everything that is still open with the reason, and closes the connection. */
  fail(reason: PylatchError): void {
    this.closed = reason;
    this.frames.close();
    const open = [...this.pending.values()];
    this.pending.clear();
    for (const { reject } of open) reject(reason);
  }

  /** The answer is not waited for: code in C may keep the agent's thread busy long after the cancel. */
  private cancel(seq: number): void {
    const entry = this.pending.get(seq);
    if (!entry) return;
    this.pending.delete(seq);
    this.send({ seq: ++this.seq, command: 'cancel', arguments: { seq } });
    entry.reject(new PylatchError('cancelled', 'The request was cancelled.'));
  }

  private send(message: object): void {
    trace(this.log, 'link', '->', message);
    this.frames.send(message);
  }

  private receive(message: unknown, listener: (event: AgentEvent) => void): void {
    trace(this.log, 'link', '<-', message);
    if (typeof message !== 'object' || message === null) return this.frames.close();
    const known = message as AgentMessage;
    if ('event' in known) listener(known);
    else this.settle(known);
  }

  private settle(answer: AgentAnswer): void {
    const entry = this.pending.get(answer.re);
    if (!entry) return;
    this.pending.delete(answer.re);
    if ('error' in answer) entry.reject(failure(answer.error.id, answer.error.text));
    else entry.resolve(answer.body);
  }
}

function failure(id: string, text: string): PylatchError {
  return isErrorId(id) ? new PylatchError(id, text) : asPylatchError(new Error(`${id}: ${text}`));
}
