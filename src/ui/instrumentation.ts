import * as vscode from 'vscode';
import { asPylatchError } from '../common/errors';
import type { Instrumentation } from '../common/wire';
import { DEBUG_TYPE } from '../common/contributions';

/** Writes into the Debug Console what Pylatch has switched on in the program of the active session. */
export async function showInstrumentation(): Promise<void> {
  const session = vscode.debug.activeDebugSession;
  if (session?.type !== DEBUG_TYPE) return;
  await vscode.commands.executeCommand('workbench.debug.action.focusRepl');
  try {
    const body = (await session.customRequest('pylatch/instrumentation')) as Instrumentation;
    vscode.debug.activeDebugConsole.appendLine(instrumentationText(body));
  } catch (error) {
    vscode.debug.activeDebugConsole.appendLine(asPylatchError(error).message);
  }
}

function instrumentationText({ codeObjects, everywhere, hits }: Instrumentation): string {
  if (codeObjects.length + everywhere.length === 0) return 'Nothing is switched on in the program.';
  return [
    `Functions with events of their own: ${codeObjects.length}`,
    ...codeObjects.map(
      ({ name, path, line, events, why }) =>
        `  ${name} (${path}:${line}): ${events.join(', ')}; ${why.join(', ')}`,
    ),
    `Events that are on for all code: ${everywhere.length}`,
    ...everywhere.map(({ event, why, cost }) => `  ${event}: ${why.join(', ')}; costs ${cost}`),
    ...Object.entries(hits).map(([id, count]) => `Breakpoint ${id} was reached ${count} times.`),
  ].join('\n');
}
