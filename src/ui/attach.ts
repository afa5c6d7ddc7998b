import * as vscode from 'vscode';
import { DEBUG_TYPE } from '../common/contributions';
import type { PythonProcess } from '../inject/types';
import { processTitle } from './describe';

/**
 * Starts a debug session for a process, in the workspace folder that it runs in. True when it has started.
 *
 * @param further attach arguments
 */
export async function startSession(process: PythonProcess, further: object = {}): Promise<boolean> {
  return vscode.debug.startDebugging(folderOf(process), { ...attachConfiguration(process), ...further });
}

/** A configuration that names one process. */
export function attachConfiguration(process: PythonProcess): vscode.DebugConfiguration {
  return { type: DEBUG_TYPE, request: 'attach', name: processTitle(process), pid: process.pid };
}

function folderOf(process: PythonProcess): vscode.WorkspaceFolder | undefined {
  const own =
    process.cwd === undefined ? undefined : vscode.workspace.getWorkspaceFolder(vscode.Uri.file(process.cwd));
  return own ?? vscode.workspace.workspaceFolders?.[0];
}
