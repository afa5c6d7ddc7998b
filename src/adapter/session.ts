/**
 * The session as a table: which request is served by whom, and in which states.
 *
 * Threading. Everything here runs on Node's one thread; what may interleave are promises. Four facts keep
 * that simple:
 *
 * 1. A request's arguments and its state are checked, and its message to the agent is sent, before the
 *    first `await`. So messages reach the agent in the order in which the client sent its requests.
 * 2. The agent answers in any order. Answers are matched by number, and a request is answered exactly once
 *    because only the dispatcher answers (see `dispatcher.ts`).
 * 3. State changes at once with the cause, not with the answer: a thread that is told to continue counts as
 *    running from then on, so a second, quick resume is refused here and never queued in the program.
 * 4. Events that must not overtake an answer wait for it (`Call.afterAnswer`, `Stops.hold`): a client that
 *    saw `stopped` before the answer to its `next` would show the thread as running.
 *
 * States. uninitialized -> initialized (initialize answered) -> attaching (attach under way, or the client
 * still configures) -> running <-> stopped (at least one thread is stopped) -> ended. A failed attach goes
 * back to initialized. Ended is final; only disconnect is answered with success there.
 */
import { PylatchError } from '../common/errors';
import type { AgentLink } from './agentLink';
import { object, optionalInteger, optionalString } from './arguments';
import type { Attachment } from './attachment';
import type { Breakpoints } from './breakpoints';
import { CAPABILITIES } from './capabilities';
import type { Client } from './client';
import type { DataBreakpoints } from './dataBreakpoints';
import type { Exceptions } from './exceptions';
import type { FunctionBreakpoints } from './functionBreakpoints';
import type { Inspect } from './inspect';
import type { Jumps } from './jumps';
import type { Lifecycle, State } from './lifecycle';
import { STATES } from './lifecycle';
import type { Paths } from './paths';
import type { Call, Handler, RequestTable } from './requests';
import type { Resume } from './resume';

/** The parts that serve requests. */
export interface Parts {
  client: Client;
  lifecycle: Lifecycle;
  paths: Paths;
  attachment: Attachment;
  breakpoints: Breakpoints;
  dataBreakpoints: DataBreakpoints;
  functionBreakpoints: FunctionBreakpoints;
  exceptions: Exceptions;
  inspect: Inspect;
  resume: Resume;
  jumps: Jumps;
  /** Cancels the request with this number. */
  cancelRequest(seq: number): void;
  /** Loads what the attach will need. */
  preload(): void;
}

const LIVE: readonly State[] = ['running', 'stopped'];
const STOPPED: readonly State[] = ['stopped'];
const CONFIGURING: readonly State[] = ['initialized', 'attaching', 'running', 'stopped'];
const CONNECTED: readonly State[] = ['attaching', 'running', 'stopped'];

type LinkHandler = (link: AgentLink, args: unknown, call: Call) => unknown;

/** Builds the table. A request that is not in it is refused by `requests.ts`. */
export function requestTable(parts: Parts): RequestTable {
  const {
    attachment,
    breakpoints,
    dataBreakpoints,
    functionBreakpoints,
    exceptions,
    inspect,
    resume,
    jumps,
  } = parts;
  const linked =
    (handler: LinkHandler): Handler =>
    (args, call) =>
      handler(attachment.link, args, call);
  return {
    initialize: { states: ['uninitialized'], handler: (args, call) => initialize(parts, args, call) },
    attach: { states: ['initialized'], handler: (args, call) => attachment.attach(args, call) },
    configurationDone: { states: ['attaching'], handler: (_, call) => attachment.configurationDone(call) },
    disconnect: { states: STATES, handler: (args, call) => attachment.disconnect(args, call) },
    cancel: { states: STATES, handler: (args) => cancel(parts, args) },

    setBreakpoints: { states: CONFIGURING, handler: (args, call) => breakpoints.set(args, call) },
    setExceptionBreakpoints: { states: CONFIGURING, handler: (args, call) => exceptions.set(args, call) },
    setFunctionBreakpoints: {
      states: CONFIGURING,
      handler: (args, call) => functionBreakpoints.set(args, call),
    },
    dataBreakpointInfo: { states: STOPPED, handler: linked((...all) => dataBreakpoints.info(...all)) },
    setDataBreakpoints: { states: CONFIGURING, handler: (args, call) => dataBreakpoints.set(args, call) },
    breakpointLocations: { states: CONNECTED, handler: linked((...all) => breakpoints.locations(...all)) },

    threads: { states: CONNECTED, handler: linked((link, _, call) => link.request('threads', {}, call)) },
    stackTrace: { states: LIVE, handler: linked((...all) => inspect.stackTrace(...all)) },
    scopes: { states: LIVE, handler: linked((...all) => inspect.scopes(...all)) },
    // Snapshots may come, and be opened, before the client has configured everything.
    variables: { states: CONNECTED, handler: linked((...all) => inspect.variables(...all)) },
    setVariable: { states: LIVE, handler: linked((...all) => inspect.setVariable(...all)) },
    setExpression: { states: LIVE, handler: linked((...all) => inspect.setExpression(...all)) },
    evaluate: { states: LIVE, handler: linked((...all) => inspect.evaluate(...all)) },
    completions: { states: LIVE, handler: linked((...all) => inspect.completions(...all)) },
    exceptionInfo: { states: STOPPED, handler: linked((...all) => exceptions.info(...all)) },
    source: { states: CONNECTED, handler: linked((...all) => inspect.source(...all)) },

    continue: { states: STOPPED, handler: linked((...all) => resume.continue(...all)) },
    next: { states: STOPPED, handler: linked((link, ...rest) => resume.step(link, 'next', ...rest)) },
    stepIn: { states: STOPPED, handler: linked((link, ...rest) => resume.step(link, 'stepIn', ...rest)) },
    stepOut: { states: STOPPED, handler: linked((link, ...rest) => resume.step(link, 'stepOut', ...rest)) },
    stepInTargets: { states: STOPPED, handler: linked((...all) => jumps.stepInTargets(...all)) },
    gotoTargets: { states: STOPPED, handler: linked((...all) => jumps.gotoTargets(...all)) },
    goto: { states: STOPPED, handler: linked((...all) => jumps.goto(...all)) },
    restartFrame: { states: STOPPED, handler: linked((...all) => jumps.restartFrame(...all)) },
    pause: { states: LIVE, handler: linked((link, args) => resume.pause(link, args)) },

    'pylatch/instrumentation': {
      states: CONNECTED,
      handler: linked((link, _, call) => inspect.instrumentation(link, call)),
    },
  };
}

function initialize({ client, lifecycle, paths, preload }: Parts, args: unknown, call: Call): object {
  client.configure(args);
  if (client.usesUris) paths.useUris();
  lifecycle.state = 'initialized';
  call.afterAnswer(preload);
  return CAPABILITIES;
}

function cancel({ attachment, cancelRequest }: Parts, raw: unknown): void {
  const args = object(raw ?? {}, 'arguments of the cancel request');
  const progressId = optionalString(args, 'progressId');
  const requestId = optionalInteger(args, 'requestId');
  if (progressId !== undefined && attachment.cancelProgress(progressId)) return;
  if (requestId !== undefined) return cancelRequest(requestId);
  const text = `There is nothing to cancel${progressId === undefined ? '' : ` under the id "${progressId}"`}.`;
  throw new PylatchError('wrong-state', text, 'Give the number of an open request.');
}
