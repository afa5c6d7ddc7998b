/**
 * The messages between the bridge (TypeScript) and the agent (Python, inside the target).
 *
 * Framing: a 4-byte big-endian length, then that many bytes of UTF-8 JSON (see `frames.ts`); one write for
 * each message. Bodies have the shapes of the Debug Adapter Protocol, so that the bridge passes them on;
 * the paths in them are the target's. The Python twin is `src/agent/link.py`.
 *
 * Order of a connection: the bridge sends {@link Hello}; the agent checks the peer's uid and the token and
 * answers {@link Welcome} or closes; then requests go one way and answers and events the other. Answers may
 * come out of order: match them by `re`. When either side closes, the agent resumes the program, undoes
 * every change it made and ends.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';

/** Raised with every incompatible change of the messages below; both sides must name the same. */
export const WIRE_VERSION = 1;

/** A frame longer than this is a protocol error, and the receiver closes. Bytes. */
export const MAX_FRAME = 64 * 1024 * 1024;

/** What the user chose for this session, told to the agent once. */
export interface AgentConfig {
  justMyCode: boolean;
  /** Which threads wait while one is stopped. */
  stopThreads: 'all' | 'one';
  /** Show what a function returned after a step out of it. */
  showReturnValue: boolean;
  /** Exceptions from the rule which code is mine; the longest path wins. Paths are the target's. */
  justMyCodeRules?: CodeRule[];
}

/** A folder (with all below) or a file that is mine, or is not, whatever the rule says. */
export interface CodeRule {
  path: string;
  include: boolean;
}

/** First frame from the bridge. */
export interface Hello {
  version: number;
  /** The 256-bit session secret, 64 hex digits, known only to the injector and the stub. */
  token: string;
  config: AgentConfig;
}

/** First frame from the agent. */
export interface Welcome {
  version: number;
  pid: number;
  /** For example `3.14.10`. */
  python: string;
  executable: string;
  /** `sys.argv`, or `sys.orig_argv` where the program removed it. */
  argv: string[];
  cwd: string;
}

/** A request to the agent. `seq` is the bridge's own counter, from 1. */
export interface AgentRequest<C extends AgentCommand = AgentCommand> {
  seq: number;
  command: C;
  arguments: AgentCommands[C]['arguments'];
}

/** The agent's answer to the request with `seq === re`: a body, or an error. */
export type AgentAnswer = { re: number; body: unknown } | { re: number; error: AgentFailure };

/** Why the agent refused. `id` is an id of `errors.ts`. */
export interface AgentFailure {
  id: string;
  text: string;
}

export interface AgentBreakpoint {
  /** Given by the bridge; unique in the session; comes back in `breakpoint` events and hit lists. */
  id: number;
  /** From 1. */
  line: number;
  condition?: string;
  /** `5` and `==5`, `>=5`, `>5`, `<=5`, `<5`, `%5`. With a condition, only hits where it holds count. */
  hitCondition?: string;
  /** Text with `{expressions}` to show instead of stopping. */
  logMessage?: string;
  /** `snapshot`: keep stack and locals and go on; `hitCondition` is then how many times (default 1). */
  mode?: 'snapshot';
}

/** A breakpoint on the start of functions. */
export interface AgentFunctionBreakpoint {
  id: number;
  /** `function`, `Class.method`, `outer.inner`, or one of these behind its module's name and a dot. */
  name: string;
  condition?: string;
  hitCondition?: string;
}

/** A breakpoint on a change of a value; `dataId` is from the agent's `dataBreakpointInfo`. */
export interface AgentDataBreakpoint {
  id: number;
  dataId: string;
  condition?: string;
  hitCondition?: string;
}

/** When to stop at exceptions. */
export interface ExceptionFilter {
  filterId: 'raised' | 'userUnhandled' | 'uncaught';
  /** Types (`KeyError, !app.Retry`), `module: name` or an expression with the exception as `exc`. */
  condition?: string;
}

/** Arguments and bodies of every request that the agent answers. */
export interface AgentCommands {
  /** Replaces all breakpoints of one file. The answer has the order of the arguments. */
  setBreakpoints: {
    arguments: { path: string; breakpoints: AgentBreakpoint[] };
    body: { breakpoints: DebugProtocol.Breakpoint[] };
  };
  /** Replaces all; the answer has the order of the arguments. */
  setFunctionBreakpoints: {
    arguments: { breakpoints: AgentFunctionBreakpoint[] };
    body: { breakpoints: DebugProtocol.Breakpoint[] };
  };
  /** A `dataId` of null, and the reason as the description, where the value cannot be watched. */
  dataBreakpointInfo: {
    arguments: { variablesReference?: number; name: string; frameId?: number };
    body: DebugProtocol.DataBreakpointInfoResponse['body'];
  };
  /** Replaces all; the answer has the order of the arguments. */
  setDataBreakpoints: {
    arguments: { breakpoints: AgentDataBreakpoint[] };
    body: { breakpoints: DebugProtocol.Breakpoint[] };
  };
  /** Replaces all; the answer has the order of the arguments. */
  setExceptionBreakpoints: {
    arguments: { filters: ExceptionFilter[] };
    body: { breakpoints: DebugProtocol.Breakpoint[] };
  };
  exceptionInfo: { arguments: { threadId: number }; body: DebugProtocol.ExceptionInfoResponse['body'] };
  breakpointLocations: {
    arguments: { path: string; line: number; endLine?: number };
    body: { breakpoints: DebugProtocol.BreakpointLocation[] };
  };
  threads: { arguments: Record<string, never>; body: { threads: DebugProtocol.Thread[] } };
  stackTrace: {
    arguments: { threadId: number; startFrame?: number; levels?: number };
    body: { stackFrames: DebugProtocol.StackFrame[]; totalFrames: number };
  };
  scopes: { arguments: { frameId: number }; body: { scopes: DebugProtocol.Scope[] } };
  variables: {
    arguments: {
      variablesReference: number;
      filter?: 'indexed' | 'named';
      start?: number;
      count?: number;
      hex?: boolean;
    };
    body: { variables: DebugProtocol.Variable[] };
  };
  setVariable: {
    arguments: { variablesReference: number; name: string; value: string; hex?: boolean };
    body: DebugProtocol.SetVariableResponse['body'];
  };
  setExpression: {
    arguments: { expression: string; value: string; frameId?: number; hex?: boolean };
    body: DebugProtocol.SetExpressionResponse['body'];
  };
  evaluate: {
    arguments: { expression: string; frameId?: number; context?: string; hex?: boolean };
    body: DebugProtocol.EvaluateResponse['body'];
  };
  completions: {
    /** `column` from 1, in UTF-16 code units like DAP's default; `line` from 1. */
    arguments: { frameId?: number; text: string; column: number; line?: number };
    body: { targets: DebugProtocol.CompletionItem[] };
  };
  continue: {
    arguments: { threadId: number; singleThread?: boolean };
    body: { allThreadsContinued: boolean };
  };
  next: { arguments: StepArguments; body: Record<string, never> };
  stepIn: { arguments: StepArguments; body: Record<string, never> };
  stepOut: { arguments: StepArguments; body: Record<string, never> };
  /** The calls of the frame's line that have not been made yet. */
  stepInTargets: { arguments: { frameId: number }; body: { targets: DebugProtocol.StepInTarget[] } };
  /** Where the top frames of stopped threads can be set to go on, among the statements of a line. */
  gotoTargets: {
    arguments: { path: string; line: number };
    body: { targets: DebugProtocol.GotoTarget[] };
  };
  /** A `stopped` event with the reason `goto` follows the answer. */
  goto: { arguments: { threadId: number; targetId: number }; body: Record<string, never> };
  /** A `stopped` event with the reason `restart` follows the answer. */
  restartFrame: { arguments: { frameId: number }; body: Record<string, never> };
  /** Answered at once; a `stopped` event follows, within 0.1 s also for a thread in C code. */
  pause: { arguments: { threadId: number }; body: Record<string, never> };
  /** Text of a file as the target sees it (disk, zip, `linecache`), or of a `sourceReference` made by the agent. */
  source: {
    arguments: { path?: string; sourceReference?: number };
    body: { content: string; mimeType?: string };
  };
  /** Interrupts the evaluation that the request `seq` started. Answered at once; that request then fails with `cancelled`. */
  cancel: { arguments: { seq: number }; body: Record<string, never> };
  /** What Pylatch has switched on in the program at the moment, and why. */
  instrumentation: { arguments: Record<string, never>; body: Instrumentation };
  /** Resumes the program, undoes every change and ends the agent; the answer is the last message. */
  detach: { arguments: Record<string, never>; body: Residue };
}

export interface StepArguments {
  threadId: number;
  singleThread?: boolean;
  /** Of `stepInTargets`; for stepIn alone. */
  targetId?: number;
}

/** The answer to the custom request `pylatch/instrumentation`. Names of events are those of `sys.monitoring`. */
export interface Instrumentation {
  /** Code objects with events of their own. */
  codeObjects: {
    name: string;
    path: string;
    line: number;
    events: string[];
    /** Who asked, in words: `breakpoint at line 12`, `step of thread 1`. */
    why: string[];
  }[];
  /** Events that are on for all code. Those that cost nothing where they were seen once are marked. */
  everywhere: { event: string; why: string[]; cost: string }[];
  /** How often each breakpoint was reached since it was set, false conditions included; by its id. */
  hits: Record<string, number>;
}

export type AgentCommand = keyof AgentCommands;

/**
 * What is left in the target after a detach: all but `inert` must be zero or empty. The connection itself and its
 * descriptors go right behind this answer.
 */
export interface Residue {
  tools: number[];
  modules: string[];
  threads: number;
  files: string[];
  /** Undoings that raised, in words. */
  failed: string[];
  /** What CPython offers no way to take back, in words; such a thing does nothing any more. */
  inert: string[];
}

/** Events from the agent: DAP bodies. `stopped` carries what the client will ask next. */
export interface AgentEvents {
  stopped: DebugProtocol.StoppedEvent['body'] & { threadId: number; snapshot: StopSnapshot };
  breakpoint: DebugProtocol.BreakpointEvent['body'];
  output: DebugProtocol.OutputEvent['body'];
  /** A snapshot that a breakpoint took without stopping. */
  snapshot: Snapshot;
  /** The agent detaches of its own accord (a fault of its own, say); the reason in a user's words. */
  detached: { reason: string };
}

export type AgentEvent = {
  [E in keyof AgentEvents]: { event: E; body: AgentEvents[E] };
}[keyof AgentEvents];

/** Stack and locals at one moment, as text: nothing of the program is held. */
export interface Snapshot {
  breakpointId: number;
  /** Which of how many, from 1. */
  number: number;
  of: number;
  thread: string;
  /** Top first. */
  frames: (Pick<DebugProtocol.StackFrame, 'name' | 'line' | 'source'> & { variables: SnapshotValue[] })[];
}

export interface SnapshotValue {
  name: string;
  value: string;
  type?: string;
  /** Absent where there is nothing to open, or where the snapshot's limits cut it. */
  children?: SnapshotValue[];
}

/** The top of the stopped thread's stack, the top frame's scopes, and the variables of its cheap scopes. */
export interface StopSnapshot {
  stackFrames: DebugProtocol.StackFrame[];
  totalFrames: number;
  /** By frame id (as text, JSON keys being text). */
  scopes: Record<string, DebugProtocol.Scope[]>;
  /** By variablesReference: complete lists only, never a page. */
  variables: Record<string, DebugProtocol.Variable[]>;
}

export type AgentMessage = AgentAnswer | AgentEvent;
