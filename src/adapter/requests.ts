import { PylatchError } from '../common/errors';
import type { State } from './lifecycle';

/** One request on its way: what a handler may know and do besides answering it. */
export interface Call {
  readonly seq: number;
  readonly command: string;
  /** Runs right after the answer has been sent: for events that must not overtake it. */
  afterAnswer(action: () => void): void;
  /** Says how to stop the work when the client cancels the request. */
  onCancel(action: () => void): void;
}

/** Answers one kind of request: returns the body, or throws a PylatchError. Arguments are unchecked JSON. */
export type Handler = (args: unknown, call: Call) => unknown;

export interface Entry {
  handler: Handler;
  /** The states in which the request makes sense; in all others it is refused with `wrong-state`. */
  states: readonly State[];
}

export type RequestTable = Readonly<Record<string, Entry>>;

/** Requests of the specification (1.71) that Pylatch refuses, with what to do instead where there is something. */
export const REFUSED: Readonly<Record<string, string | undefined>> = {
  launch: 'Pylatch attaches only: start the program yourself, then attach to its process id.',
  restart: 'Disconnect and attach again.',
  terminate: 'Disconnect with terminateDebuggee to end the program.',
  setInstructionBreakpoints: undefined,
  stepBack: undefined,
  reverseContinue: undefined,
  terminateThreads: undefined,
  modules: undefined,
  loadedSources: undefined,
  readMemory: undefined,
  writeMemory: undefined,
  disassemble: undefined,
  locations: undefined,
  runInTerminal: 'It is a request from a debug adapter to its client.',
  startDebugging: 'It is a request from a debug adapter to its client.',
};

/** The error for a request that no handler serves. */
export function refusal(command: string): PylatchError {
  if (!Object.hasOwn(REFUSED, command)) {
    const text = `The request "${command}" is unknown: it is not in the Debug Adapter Protocol.`;
    return new PylatchError('unknown-request', text, 'Check its spelling.');
  }
  const advice = REFUSED[command] ?? 'Use the requests that the capabilities name.';
  return new PylatchError('not-supported', `Pylatch does not support the request "${command}".`, advice);
}
