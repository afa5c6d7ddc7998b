import type { DebugProtocol } from '@vscode/debugprotocol';
import * as vscode from 'vscode';
import type { Messages } from './messages';

/** Runs the adapter inside the extension host: no process to start, no port to open. */
export class AdapterFactory implements vscode.DebugAdapterDescriptorFactory {
  constructor(private readonly messages: Messages) {}

  async createDebugAdapterDescriptor(session: vscode.DebugSession): Promise<vscode.DebugAdapterDescriptor> {
    // Loaded with the first session, not with the extension. The path's ending is what `import()` demands.
    const { PylatchSession } = await import('../adapter/index.js');
    const adapter = new FailureTeller(new PylatchSession(), session, this.messages);
    return new vscode.DebugAdapterInlineImplementation(adapter);
  }
}

/**
 * Passes everything on. A refused attach is told by us: VS Code would put a modal dialog in the way that
 * offers to open launch.json, whether there is one or not.
 */
class FailureTeller implements vscode.DebugAdapter {
  private readonly sent = new vscode.EventEmitter<vscode.DebugProtocolMessage>();
  readonly onDidSendMessage = this.sent.event;

  constructor(
    private readonly adapter: vscode.DebugAdapter,
    private readonly session: vscode.DebugSession,
    private readonly messages: Messages,
  ) {
    adapter.onDidSendMessage((message) => this.sent.fire(this.told(message)));
  }

  handleMessage(message: vscode.DebugProtocolMessage): void {
    this.adapter.handleMessage(message);
  }

  dispose(): unknown {
    this.sent.dispose();
    return this.adapter.dispose();
  }

  private told(message: vscode.DebugProtocolMessage): vscode.DebugProtocolMessage {
    const response = message as DebugProtocol.ErrorResponse;
    const error = response.body?.error;
    if (response.type !== 'response' || response.command !== 'attach' || response.success || !error)
      return message;
    void this.messages.attachFailed(this.session, error.id, textOf(error));
    return { ...response, body: { ...response.body, error: { ...error, showUser: false } } };
  }
}

/** The message with its `{variables}` put in. */
function textOf(error: DebugProtocol.Message): string {
  return error.format.replace(/\{(\w+)\}/g, (whole, name: string) => error.variables?.[name] ?? whole);
}
