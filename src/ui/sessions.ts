import * as vscode from 'vscode';
import { DEBUG_TYPE } from '../common/contributions';

/** Which processes are being debugged by us, seen from the sessions' own messages. */
export class AttachedProcesses implements vscode.DebugAdapterTrackerFactory, vscode.Disposable {
  private readonly sessions = new Map<number, vscode.DebugSession>();
  private readonly changed = new vscode.EventEmitter<void>();
  /** A session has got hold of its process, or has let it go. */
  readonly onDidChange = this.changed.event;
  private readonly registrations = vscode.Disposable.from(
    vscode.debug.registerDebugAdapterTrackerFactory(DEBUG_TYPE, this),
    vscode.debug.onDidTerminateDebugSession((session) => this.forget(session)),
  );

  /** The session that debugs this process. */
  sessionOf(pid: number): vscode.DebugSession | undefined {
    return this.sessions.get(pid);
  }

  createDebugAdapterTracker(session: vscode.DebugSession): vscode.DebugAdapterTracker {
    return {
      onDidSendMessage: (message: unknown) => {
        const pid = announcedPid(message);
        if (pid !== undefined) this.remember(pid, session);
      },
    };
  }

  dispose(): void {
    this.registrations.dispose();
    this.changed.dispose();
  }

  private remember(pid: number, session: vscode.DebugSession): void {
    this.sessions.set(pid, session);
    this.changed.fire();
  }

  private forget(session: vscode.DebugSession): void {
    for (const [pid, known] of this.sessions) if (known.id === session.id) this.sessions.delete(pid);
    this.changed.fire();
  }
}

/** The pid of a DAP `process` event: sent once, when the attach has succeeded. */
function announcedPid(message: unknown): number | undefined {
  const { event, body } = message as { event?: string; body?: { systemProcessId?: number } };
  return event === 'process' ? body?.systemProcessId : undefined;
}
