import * as vscode from 'vscode';
import { commandIds, type CommandId } from '../common/contributions';
import { startSession } from './attach';
import { walk, type ProcessNode } from '../inject/forest';
import { processTitle } from './describe';
import { attachElevated } from './elevation';
import { showInstrumentation } from './instrumentation';
import type { Messages } from './messages';
import type { ProcessPicker } from './picker';
import type { ProcessView } from './processView';
import type { Reports } from './reports';
import { scriptOf } from './script';
import type { AttachedProcesses } from './sessions';

/** What VS Code hands to each command. */
interface CommandArguments {
  'pylatch.attach': [];
  'pylatch.pickProcess': [];
  'pylatch.explain': [ProcessNode?];
  'pylatch.instrumentation': [];
  'pylatch.processes.attach': [ProcessNode];
  'pylatch.processes.attachTree': [ProcessNode];
  'pylatch.processes.attachElevated': [ProcessNode];
  'pylatch.processes.detach': [ProcessNode];
  'pylatch.processes.refresh': [];
  'pylatch.processes.showAllUsers': [];
  'pylatch.processes.showOwn': [];
  'pylatch.processes.copyPid': [ProcessNode];
  'pylatch.processes.openScript': [ProcessNode];
}

/** One handler for each contributed command: a forgotten one, or one too many, does not compile. */
type Handlers = { [C in CommandId]: (...args: CommandArguments[C]) => unknown };

export interface CommandParts {
  picker: ProcessPicker;
  view: ProcessView;
  attached: AttachedProcesses;
  messages: Messages;
  reports: Reports;
}

/** Registers every command. */
export function registerCommands(parts: CommandParts): vscode.Disposable {
  const handlers = handlersOf(parts);
  return vscode.Disposable.from(
    ...commandIds().map((command) => vscode.commands.registerCommand(command, handlers[command])),
  );
}

function handlersOf({ picker, view, attached, messages, reports }: CommandParts): Handlers {
  return {
    'pylatch.attach': async () => {
      const choice = await picker.pick();
      if (choice === undefined) return undefined;
      const { process, ...further } = choice;
      return startSession(process, further);
    },
    'pylatch.pickProcess': async () => (await picker.pick())?.process.pid.toString(),
    'pylatch.explain': async (node) => {
      const process = node?.process ?? (await picker.pickAny());
      return process && reports.show(process.pid, processTitle(process));
    },
    'pylatch.instrumentation': showInstrumentation,
    'pylatch.processes.attach': (node) => startSession(node.process),
    'pylatch.processes.attachTree': attachTree,
    'pylatch.processes.attachElevated': (node) => attachElevated(node.process),
    'pylatch.processes.detach': (node) => vscode.debug.stopDebugging(attached.sessionOf(node.process.pid)),
    'pylatch.processes.refresh': () => view.refresh(),
    'pylatch.processes.showAllUsers': () => view.showUsers(true),
    'pylatch.processes.showOwn': () => view.showUsers(false),
    'pylatch.processes.copyPid': (node) => vscode.env.clipboard.writeText(String(node.process.pid)),
    'pylatch.processes.openScript': (node) => openScript(node, messages),
  };
}

/** One after the other: each attach then has the system to itself and its errors come in order. */
async function attachTree(root: ProcessNode): Promise<void> {
  for (const { process } of walk([root])) if (process.attachable) await startSession(process);
}

async function openScript({ process }: ProcessNode, messages: Messages): Promise<void> {
  const file = await scriptOf(process);
  if (file === undefined) await messages.scriptNotFound(process);
  else await vscode.window.showTextDocument(vscode.Uri.file(file));
}
