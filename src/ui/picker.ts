import * as vscode from 'vscode';
import type { Means } from '../inject/elevation/command';
import type { PythonProcess } from '../inject/types';
import { identity, isOwn, longDescription, ordered, processTitle, rowDetail, withoutIcons } from './describe';
import type { Messages } from './messages';
import type { ProcessSource } from './processSource';
import type { Reports } from './reports';

/** A row; the ones that stand for no process (separators, the empty list) have none. */
interface Row extends vscode.QuickPickItem {
  process?: PythonProcess;
}

const LAST_USED = 'pylatch.lastUsed';
const REFRESH: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon('refresh'), tooltip: 'Refresh' };
const SHOW_ALL: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon('organization'),
  tooltip: 'Show Processes of All Users',
};
const SHOW_OWN: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon('account'),
  tooltip: 'Show Own Processes Only',
};

const EXPLAIN: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon('info'),
  tooltip: 'Explain This Process',
};

/** What the user has chosen to attach to. */
export interface Choice {
  process: PythonProcess;
  /** He may not debug it himself, and wants to attach as administrator. */
  elevation?: Means;
}

/** The user wants to read about a process instead of choosing it. */
interface Wish {
  explain: PythonProcess;
}

/** Where the picker sends the user for more. */
export interface PickerHelp {
  messages: Messages;
  reports: Reports;
}

/** Lets the user choose a running Python process. */
export class ProcessPicker {
  constructor(
    private readonly source: ProcessSource,
    private readonly memory: vscode.Memento,
    private readonly help: PickerHelp,
  ) {}

  /**
   * Opens the list at once and fills it when the processes are read. A process that cannot be attached to
   * is explained, and the list opens again if the user wants to.
   *
   * @param filter text to start the search with
   * @returns undefined when the user cancelled
   */
  async pick(filter = ''): Promise<Choice | undefined> {
    for (;;) {
      const chosen = await this.choose('Attach to a Running Python Process', filter);
      if (chosen === undefined) return undefined;
      if (chosen.attachable) {
        await this.memory.update(LAST_USED, identity(chosen));
        return { process: chosen };
      }
      const wish = await this.help.messages.explainRefusal(chosen);
      if (wish !== 'another') return wish && { process: chosen, elevation: wish };
    }
  }

  /** Any process of the list will do. */
  pickAny(): Promise<PythonProcess | undefined> {
    return this.choose('Explain a Running Python Process');
  }

  /** Undefined when the user cancelled, or went to read about a process. */
  private async choose(title: string, filter = ''): Promise<PythonProcess | undefined> {
    const chosen = await new OpenPicker(this.source, this.memory.get(LAST_USED), title, filter).choose();
    if (chosen === undefined || !('explain' in chosen)) return chosen;
    await this.help.reports.show(chosen.explain.pid, processTitle(chosen.explain));
    return undefined;
  }
}

/** One showing of the list. */
class OpenPicker {
  private readonly box = vscode.window.createQuickPick<Row>();
  private processes: readonly PythonProcess[] = [];
  private allUsers = false;
  private closed = false;

  constructor(
    private readonly source: ProcessSource,
    private readonly lastUsed: string | undefined,
    title: string,
    filter: string,
  ) {
    this.box.title = title;
    this.box.placeholder = 'Type to filter by script, pid, user or command line';
    this.box.matchOnDescription = true;
    this.box.matchOnDetail = true;
    this.box.keepScrollPosition = true;
    this.box.value = filter;
    this.box.onDidTriggerButton((button) => this.onButton(button));
    this.showButtons();
  }

  choose(): Promise<PythonProcess | Wish | undefined> {
    return new Promise((resolve) => {
      this.box.onDidTriggerItemButton(({ item }) => {
        if (item.process === undefined) return;
        resolve({ explain: item.process });
        this.box.hide();
      });
      this.box.onDidAccept(() => {
        const process = this.box.selectedItems[0]?.process;
        if (process === undefined) return;
        resolve(process);
        this.box.hide();
      });
      this.box.onDidHide(() => {
        this.closed = true;
        this.box.dispose();
        resolve(undefined);
      });
      this.box.show();
      void this.refresh();
    });
  }

  private onButton(button: vscode.QuickInputButton): void {
    if (button === REFRESH) void this.refresh();
    else {
      this.allUsers = button === SHOW_ALL;
      this.showButtons();
      this.showRows();
    }
  }

  private showButtons(): void {
    this.box.buttons = [this.allUsers ? SHOW_OWN : SHOW_ALL, REFRESH];
  }

  private async refresh(): Promise<void> {
    this.box.busy = true;
    try {
      this.processes = await this.source.list();
      if (!this.closed) this.showRows();
    } catch (error) {
      if (!this.closed) this.box.items = [failureRow(error)];
    } finally {
      if (!this.closed) this.box.busy = false;
    }
  }

  private showRows(): void {
    const shown = this.processes.filter((process) => this.allUsers || isOwn(process));
    const active = this.box.activeItems[0]?.process?.pid;
    this.box.items = rows(ordered(shown, this.lastUsed), this.processes.length - shown.length);
    const same = this.box.items.find((row) => row.process !== undefined && row.process.pid === active);
    if (same) this.box.activeItems = [same];
  }
}

function rows(processes: readonly PythonProcess[], hidden: number): Row[] {
  const now = Date.now();
  const attachable = processes.filter((process) => process.attachable);
  const refused = processes.filter((process) => !process.attachable);
  const shown = attachable.length > 0 ? attachable.map((process) => row(process, now)) : [emptyRow(hidden)];
  if (refused.length === 0) return shown;
  return [...shown, separator('Cannot be attached'), ...refused.map((process) => row(process, now))];
}

function row(process: PythonProcess, now: number): Row {
  return {
    process,
    label: withoutIcons(process.label),
    description: longDescription(process, now),
    detail: rowDetail(process),
    buttons: [EXPLAIN],
  };
}

function separator(label: string): Row {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}

function emptyRow(hidden: number): Row {
  const others = hidden === 1 ? '1 process of another user is' : `${hidden} processes of other users are`;
  return {
    label: 'No Python 3.14+ process found',
    detail:
      hidden > 0
        ? `${others} not shown: use the button above to see all users.`
        : 'Start your program with CPython 3.14 or newer, then press Refresh. Nothing else has to be prepared.',
    alwaysShow: true,
  };
}

function failureRow(error: unknown): Row {
  const text = error instanceof Error ? error.message : String(error);
  return { label: 'The processes could not be listed', detail: text, alwaysShow: true };
}
