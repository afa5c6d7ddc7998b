import type { DebugProtocol } from '@vscode/debugprotocol';
import type { ExceptionFilter } from '../common/wire';

/** Attach options that are checked but that the agent does not serve: the user is told when one is on. */
export const UNSERVED_OPTIONS = ['subProcess', 'redirectOutput'] as const;

const EXCEPTION_CONDITION = {
  default: false,
  supportsCondition: true,
  conditionDescription:
    'Types (KeyError, app.OrderError, !Retry), "module: name", or an expression with the exception as exc',
};

/** When the program can be stopped for an exception. */
export const EXCEPTION_FILTERS = [
  {
    filter: 'raised',
    label: 'Raised Exceptions',
    description:
      'Stop where an exception is raised in your code, or comes to it from a library, handled or not.',
    ...EXCEPTION_CONDITION,
  },
  {
    filter: 'userUnhandled',
    label: 'User Uncaught Exceptions',
    description:
      'Stop where an exception leaves your code for a library that has called it (a test runner, a web framework).',
    ...EXCEPTION_CONDITION,
  },
  {
    filter: 'uncaught',
    label: 'Uncaught Exceptions',
    description: 'Stop where an exception is about to end its thread or the program.',
    ...EXCEPTION_CONDITION,
  },
] as const satisfies readonly (DebugProtocol.ExceptionBreakpointsFilter & {
  filter: ExceptionFilter['filterId'];
})[];

/** What a breakpoint in a source can do where it is reached. */
const BREAKPOINT_MODES: DebugProtocol.BreakpointMode[] = [
  { mode: 'stop', label: 'Stop', description: 'Stop the program.', appliesTo: ['source'] },
  {
    mode: 'snapshot',
    label: 'Snapshot',
    description:
      'Show stack and variables in the debug console, and let the program run on; the hit count is how often.',
    appliesTo: ['source'],
  },
];

/** Everything that Pylatch offers beyond the protocol's minimum. What is not named here is refused. */
export const CAPABILITIES: DebugProtocol.Capabilities = {
  supportsConfigurationDoneRequest: true,
  supportsConditionalBreakpoints: true,
  supportsHitConditionalBreakpoints: true,
  supportsLogPoints: true,
  breakpointModes: BREAKPOINT_MODES,
  supportsDataBreakpoints: true,
  supportsFunctionBreakpoints: true,
  supportsEvaluateForHovers: true,
  supportsSetVariable: true,
  supportsSetExpression: true,
  supportsCompletionsRequest: true,
  completionTriggerCharacters: ['.'],
  supportsBreakpointLocationsRequest: true,
  supportsCancelRequest: true,
  supportsStepInTargetsRequest: true,
  supportsGotoTargetsRequest: true,
  supportsRestartFrame: true,
  supportsSingleThreadExecutionRequests: true,
  supportsDelayedStackTraceLoading: true,
  supportsValueFormattingOptions: true,
  supportsClipboardContext: true,
  // Without an s after "support": the specification spells this one and suspendDebuggee so.
  supportTerminateDebuggee: true,
  exceptionBreakpointFilters: [...EXCEPTION_FILTERS],
  supportsExceptionFilterOptions: true,
  supportsExceptionInfoRequest: true,
};

/** Which capability gates which request; the requests that are not named need none. */
export const GATED_REQUESTS: Partial<Record<keyof DebugProtocol.Capabilities, readonly string[]>> = {
  supportsConfigurationDoneRequest: ['configurationDone'],
  supportsFunctionBreakpoints: ['setFunctionBreakpoints'],
  supportsStepBack: ['stepBack', 'reverseContinue'],
  supportsSetVariable: ['setVariable'],
  supportsRestartFrame: ['restartFrame'],
  supportsGotoTargetsRequest: ['gotoTargets', 'goto'],
  supportsStepInTargetsRequest: ['stepInTargets'],
  supportsCompletionsRequest: ['completions'],
  supportsModulesRequest: ['modules'],
  supportsRestartRequest: ['restart'],
  supportsExceptionInfoRequest: ['exceptionInfo'],
  supportsLoadedSourcesRequest: ['loadedSources'],
  supportsTerminateThreadsRequest: ['terminateThreads'],
  supportsSetExpression: ['setExpression'],
  supportsTerminateRequest: ['terminate'],
  supportsDataBreakpoints: ['setDataBreakpoints', 'dataBreakpointInfo'],
  supportsReadMemoryRequest: ['readMemory'],
  supportsWriteMemoryRequest: ['writeMemory'],
  supportsDisassembleRequest: ['disassemble'],
  supportsCancelRequest: ['cancel'],
  supportsBreakpointLocationsRequest: ['breakpointLocations'],
  supportsInstructionBreakpoints: ['setInstructionBreakpoints'],
};
