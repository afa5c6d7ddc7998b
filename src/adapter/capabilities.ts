import type { DebugProtocol } from '@vscode/debugprotocol';

/** True when the agent evaluates `condition`, `hitCondition` and `logMessage` of breakpoints. */
export const BREAKPOINT_CONDITIONS = false;

/** Attach options that are checked but that the agent does not serve: the user is told when one is on. */
export const UNSERVED_OPTIONS = ['subProcess', 'redirectOutput'] as const;

/** Everything that Pylatch offers beyond the protocol's minimum. What is not named here is refused. */
export const CAPABILITIES: DebugProtocol.Capabilities = {
  supportsConfigurationDoneRequest: true,
  supportsConditionalBreakpoints: BREAKPOINT_CONDITIONS,
  supportsHitConditionalBreakpoints: BREAKPOINT_CONDITIONS,
  supportsLogPoints: BREAKPOINT_CONDITIONS,
  supportsEvaluateForHovers: true,
  supportsSetVariable: true,
  supportsSetExpression: true,
  supportsCompletionsRequest: true,
  completionTriggerCharacters: ['.'],
  supportsBreakpointLocationsRequest: true,
  supportsCancelRequest: true,
  supportsDelayedStackTraceLoading: true,
  supportsValueFormattingOptions: true,
  supportsClipboardContext: true,
  // Without an s after "support": the specification spells this one and suspendDebuggee so.
  supportTerminateDebuggee: true,
  exceptionBreakpointFilters: [],
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
