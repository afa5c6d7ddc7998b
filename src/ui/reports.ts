import * as vscode from 'vscode';
import { asPylatchError } from '../common/errors';

const SCHEME = 'pylatch-report';

/** Shows what is known of a process, and what an attach would meet, as a text that cannot be edited. */
export class Reports implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changed.event;
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);

  dispose(): void {
    this.registration.dispose();
    this.changed.dispose();
  }

  /**
   * A report that is open already is made anew.
   *
   * @param title what the tab is called
   */
  async show(pid: number, title: string): Promise<void> {
    const path = `/${title.replace(/[/\\]/g, ' ')}`;
    const uri = vscode.Uri.from({ scheme: SCHEME, path, query: String(pid) });
    this.changed.fire(uri);
    await vscode.window.showTextDocument(uri, { preview: true });
  }

  /** Called by VS Code for each document of ours, also after a restart. */
  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const { diagnose } = await import('../inject/preflight.js');
    const { report } = await import('../inject/report.js');
    try {
      return report(await diagnose(Number(uri.query)), Date.now());
    } catch (error) {
      return `${asPylatchError(error).message}\n`;
    }
  }
}
