import { PylatchError } from '../common/errors';

/** The states of a session, in the order it goes through them; running and stopped alternate. */
export const STATES = ['uninitialized', 'initialized', 'attaching', 'running', 'stopped', 'ended'] as const;
export type State = (typeof STATES)[number];

/** What a user can do about a request that comes too early or too late. */
const ADVICE: Record<State, string> = {
  uninitialized: 'Send an initialize request first.',
  initialized: 'Send an attach request first.',
  attaching: 'Wait for the answer of the attach request and send configurationDone.',
  running: 'Pause the program or wait until it stops at a breakpoint.',
  stopped: 'Continue the program first.',
  ended: 'Start a new debug session.',
};

const SITUATION: Record<State, string> = {
  uninitialized: 'before the session is initialized',
  initialized: 'before the session has attached',
  attaching: 'while the session is attaching',
  running: 'while the program runs',
  stopped: 'while the program is stopped',
  ended: 'after the session has ended',
};

/** Holds the one state. Who changes it: `Attachment` up to running and to the end, `Stops` in between. */
export class Lifecycle {
  state: State = 'uninitialized';

  /** @throws PylatchError `wrong-state` with the way out, unless the state is one of the allowed */
  require(command: string, allowed: readonly State[]): void {
    if (allowed.includes(this.state)) return;
    throw new PylatchError(
      'wrong-state',
      `The request "${command}" is not possible ${SITUATION[this.state]}.`,
      this.advice(command, allowed),
    );
  }

  private advice(command: string, allowed: readonly State[]): string {
    if (command === 'attach' && this.attached) return 'Disconnect first.';
    const now = STATES.indexOf(this.state);
    const over = allowed.every((state) => STATES.indexOf(state) < now);
    return over && this.state !== 'ended'
      ? 'It comes once, at the beginning of a session.'
      : ADVICE[this.state];
  }

  get attached(): boolean {
    return this.state === 'attaching' || this.state === 'running' || this.state === 'stopped';
  }
}
