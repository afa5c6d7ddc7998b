import { basename } from 'node:path';
import * as vscode from 'vscode';
import { asPylatchError } from '../common/errors';
import type { Instrumentation } from '../common/wire';
import { DEBUG_TYPE } from '../common/contributions';
import { instrumentationText } from './instrumentationText';

/** Writes into the Debug Console what Pylatch has switched on in the program of the active session. */
export async function showInstrumentation(): Promise<void> {
  const session = vscode.debug.activeDebugSession;
  if (session?.type !== DEBUG_TYPE) return;
  await vscode.commands.executeCommand('workbench.debug.action.focusRepl');
  try {
    const body = (await session.customRequest('pylatch/instrumentation')) as Instrumentation;
    vscode.debug.activeDebugConsole.appendLine(instrumentationText(body, await breakpointNames(session)));
  } catch (error) {
    vscode.debug.activeDebugConsole.appendLine(asPylatchError(error).message);
  }
}

/** The editor's breakpoints by the numbers that they have in the session. Its API has no data breakpoints. */
async function breakpointNames(session: vscode.DebugSession): Promise<Map<number, string>> {
  const names = new Map<number, string>();
  for (const breakpoint of vscode.debug.breakpoints) {
    const known = (await session.getDebugProtocolBreakpoint(breakpoint)) as { id?: number } | undefined;
    const name = breakpointName(breakpoint);
    if (known?.id !== undefined && name !== undefined) names.set(known.id, name);
  }
  return names;
}

function breakpointName(breakpoint: vscode.Breakpoint): string | undefined {
  if (breakpoint instanceof vscode.FunctionBreakpoint) return breakpoint.functionName;
  if (!(breakpoint instanceof vscode.SourceBreakpoint)) return undefined;
  const { uri, range } = breakpoint.location;
  return `${basename(uri.path)}:${range.start.line + 1}`;
}
