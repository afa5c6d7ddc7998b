import * as vscode from 'vscode';
import { ERRORS, type ErrorId } from '../common/errors';
import type { PythonProcess } from '../inject/types';
import type { Means } from '../inject/elevation/command';
import { offeredCommand, refusalText } from './describe';
import { canAttachElevated, chooseMeans, offeredMeans } from './elevation';
import type { Reports } from './reports';

const PICK = 'Pick Another Process';
const RETRY = 'Try Again';
const ELEVATE = 'Attach as Administrator...';
const EXPLAIN = 'Explain This Process';
const COPY = 'Copy Command';
const OPEN_CONFIGURATION = 'Open launch.json';

type Button =
  typeof PICK | typeof RETRY | typeof ELEVATE | typeof EXPLAIN | typeof COPY | typeof OPEN_CONFIGURATION;

/** What helps after a failed attach, beside the sentence that says it. */
const NEXT_STEPS: Partial<Record<ErrorId, readonly Button[]>> = {
  'no-such-process': [PICK, OPEN_CONFIGURATION],
  'not-python': [PICK, OPEN_CONFIGURATION],
  'python-too-old': [PICK],
  'python-unknown': [PICK],
  'remote-debug-disabled': [PICK],
  'no-permission': [ELEVATE, COPY, RETRY],
  'debugging-locked': [PICK],
  'elevation-failed': [RETRY],
  'already-attached': [PICK],
  'no-such-thread': [OPEN_CONFIGURATION],
  'ambiguous-process': [PICK, OPEN_CONFIGURATION],
  'interpreter-not-ready': [COPY, RETRY],
  'attach-timeout': [RETRY, EXPLAIN, PICK],
  'place-failed': [RETRY, EXPLAIN],
  'system-refused': [RETRY, EXPLAIN],
  'agent-failed': [RETRY, EXPLAIN],
  'target-ended': [PICK],
  'bad-arguments': [OPEN_CONFIGURATION],
};

/** Shows what went wrong, where the user acted, with buttons for the next step where there is one. */
export class Messages {
  constructor(private readonly reports: Reports) {}

  /**
   * Explains why the chosen process cannot be attached to.
   *
   * @returns what the user wants: to choose another one, or to attach nevertheless, as administrator
   */
  async explainRefusal(process: PythonProcess): Promise<'another' | Means | undefined> {
    const text = refusalText(process);
    const elevate = canAttachElevated(process) ? [ELEVATE] : [];
    const copy = offeredCommand(text) === undefined ? [] : [COPY];
    const title = `${process.label} (${process.pid}) cannot be attached to.`;
    // Modal, for it takes the place of the list that the user was choosing from.
    const button = await vscode.window.showWarningMessage(
      title,
      { modal: true, detail: text },
      PICK,
      ...elevate,
      ...copy,
    );
    if (button === COPY) await copyCommand(text);
    if (button === ELEVATE) return chooseMeans(process.pid);
    return button === PICK ? 'another' : undefined;
  }

  /**
   * Shows a failed attach, unless it failed because the user wanted it to: a cancel needs no message.
   *
   * @param code the number of the error in the catalogue
   * @param text what happened and what to do
   */
  async attachFailed(session: vscode.DebugSession, code: number, text: string): Promise<void> {
    const id = errorId(code);
    if (ERRORS[id].blame === 'nobody') return;
    const buttons = buttonsFor(id, text, session);
    const button = await vscode.window.showErrorMessage(text, ...buttons);
    if (button === PICK) await vscode.commands.executeCommand('pylatch.attach');
    if (button === RETRY) await vscode.debug.startDebugging(session.workspaceFolder, session.configuration);
    if (button === OPEN_CONFIGURATION) await openLaunchJson();
    if (button === COPY) await copyCommand(text);
    if (button === ELEVATE) await restartElevated(session);
    const pid = pidOf(session);
    if (button === EXPLAIN && pid !== undefined) await this.reports.show(pid, session.name);
  }

  /** A launch configuration that starts a program is refused, with the way that works. */
  async cannotLaunch(): Promise<void> {
    const text =
      'Pylatch attaches to programs that already run; it does not start them. Start the program, then use "request": "attach".';
    const button = await vscode.window.showErrorMessage(
      text,
      'Attach to Python Process...',
      OPEN_CONFIGURATION,
    );
    if (button === OPEN_CONFIGURATION) await openLaunchJson();
    else if (button !== undefined) await vscode.commands.executeCommand('pylatch.attach');
  }

  async scriptNotFound(process: PythonProcess): Promise<void> {
    const text = `The script of ${process.label} (${process.pid}) was not found among the files that this editor can open.`;
    await vscode.window.showInformationMessage(text);
  }
}

/** The catalogue's id of a number; a number that it does not have is a fault of ours. */
function errorId(code: number): ErrorId {
  return (Object.keys(ERRORS) as ErrorId[]).find((id) => ERRORS[id].code === code) ?? 'internal';
}

function buttonsFor(id: ErrorId, text: string, session: vscode.DebugSession): Button[] {
  return (NEXT_STEPS[id] ?? []).filter((button) => {
    if (button === COPY) return offeredCommand(text) !== undefined;
    if (button === ELEVATE) return mayElevate(session);
    if (button === EXPLAIN) return pidOf(session) !== undefined;
    return button !== OPEN_CONFIGURATION || comesFromLaunchJson(session);
  });
}

function comesFromLaunchJson(session: vscode.DebugSession): boolean {
  const launch = vscode.workspace.getConfiguration('launch', session.workspaceFolder);
  const configurations = launch.get<{ name?: string }[]>('configurations', []);
  return configurations.some((configuration) => configuration.name === session.configuration.name);
}

/** The process that a session is for, where its configuration names it by number, as it does in the end. */
function pidOf({ configuration }: vscode.DebugSession): number | undefined {
  const pid = Number(configuration['pid'] ?? configuration['processId']);
  return Number.isInteger(pid) ? pid : undefined;
}

function mayElevate(session: vscode.DebugSession): boolean {
  const { elevation } = session.configuration;
  const isElevated = elevation !== undefined && elevation !== 'none';
  return !isElevated && pidOf(session) !== undefined && offeredMeans().length > 0;
}

async function restartElevated(session: vscode.DebugSession): Promise<void> {
  const pid = pidOf(session);
  const elevation = pid === undefined ? undefined : await chooseMeans(pid);
  if (!elevation) return;
  await vscode.debug.startDebugging(session.workspaceFolder, { ...session.configuration, elevation });
}

function openLaunchJson(): Thenable<unknown> {
  return vscode.commands.executeCommand('workbench.action.debug.configure');
}

async function copyCommand(text: string): Promise<void> {
  await vscode.env.clipboard.writeText(offeredCommand(text) ?? '');
  vscode.window.setStatusBarMessage('The command is in the clipboard', 5000);
}
