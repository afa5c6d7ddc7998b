/** Composition root: makes the parts, connects and registers them. Decisions are made in the parts. */
import * as vscode from 'vscode';
import { DEBUG_TYPE } from './common/contributions';
import { AdapterFactory } from './ui/adapterFactory';
import { registerCommands } from './ui/commands';
import { registerConfigurations } from './ui/configuration';
import { Messages } from './ui/messages';
import { ProcessPicker } from './ui/picker';
import { ProcessSource } from './ui/processSource';
import { ProcessView } from './ui/processView';
import { Reports } from './ui/reports';
import { AttachedProcesses } from './ui/sessions';

export function activate(context: vscode.ExtensionContext): void {
  const source = new ProcessSource();
  const attached = new AttachedProcesses();
  const reports = new Reports();
  const messages = new Messages(reports);
  const picker = new ProcessPicker(source, context.globalState, { messages, reports });
  const view = new ProcessView(source, attached);
  context.subscriptions.push(
    attached,
    view,
    reports,
    vscode.debug.registerDebugAdapterDescriptorFactory(DEBUG_TYPE, new AdapterFactory(messages)),
    registerConfigurations(source, picker, messages),
    registerCommands({ picker, view, attached, messages, reports }),
  );
}
