import * as vscode from 'vscode';
import { shellLine } from '../common/shell';
import type { Means } from '../inject/elevation/command';
import { canElevate, helperCommand, isInstalled } from '../inject/elevation/command';
import type { PythonProcess } from '../inject/types';
import { startSession } from './attach';
import { lacksOnlyRights } from './describe';

const WORDS: Record<Means, { button: string; how: string }> = {
  sudo: { button: 'Run in Terminal', how: 'sudo asks for your password in a terminal:' },
  pkexec: { button: 'Ask in a Window', how: 'The desktop asks for your password in a window:' },
};

const PROMISE =
  'Only the attach runs with these rights: once the debugger is let in, the command gives them up and just passes on what the two say.';

/** The ways to get more rights on the machine where the extension runs; none where they would not help. */
export function offeredMeans(): Means[] {
  if (!canElevate()) return [];
  const means: Means[] = hasWindow() ? ['pkexec', 'sudo'] : ['sudo'];
  return means.filter(isInstalled);
}

/**
 * Shows the very command that would run as administrator. Nothing has run when this returns.
 *
 * @returns what the user chose; undefined when he did not want it
 */
export async function chooseMeans(pid: number): Promise<Means | undefined> {
  const offered = offeredMeans();
  const ways = offered.map((means) => `${WORDS[means].how}\n\n${shellLine(helperCommand(means, pid))}`);
  const button = await vscode.window.showWarningMessage(
    `Attach to process ${pid} as administrator?`,
    { modal: true, detail: [...ways, PROMISE].join('\n\n') },
    ...offered.map((means) => WORDS[means].button),
  );
  return offered.find((means) => WORDS[means].button === button);
}

/** True where the process can be attached to as administrator, and only so. */
export function canAttachElevated(process: PythonProcess): boolean {
  return lacksOnlyRights(process) && offeredMeans().length > 0;
}

/** Debugs a process as administrator, if the user wants it after having seen the command. */
export async function attachElevated(process: PythonProcess): Promise<void> {
  const elevation = await chooseMeans(process.pid);
  if (elevation) await startSession(process, { elevation });
}

/** pkexec's window appears on the desktop of that machine. */
function hasWindow(): boolean {
  const displays = [process.env['DISPLAY'], process.env['WAYLAND_DISPLAY']];
  return vscode.env.remoteName === undefined && displays.some(Boolean);
}
