import * as vscode from 'vscode';
import { ALL_USERS_KEY, PROCESS_VIEW, ROW_STATES } from '../common/contributions';
import { shownCommand } from '../common/shell';
import { consumption, isOwn, refusalText, shortDescription, shortLabel, warnings } from './describe';
import { canAttachElevated } from './elevation';
import { plant, shape, walk, type ProcessNode } from '../inject/forest';
import type { ProcessSource } from './processSource';
import type { AttachedProcesses } from './sessions';

/** Milliseconds from the end of one reading to the next, while the view is visible. */
const INTERVAL = 3000;

/** The view "Python Processes". Reads while it is visible and redraws only what has changed. */
export class ProcessView implements vscode.TreeDataProvider<ProcessNode>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<ProcessNode[] | undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly view: vscode.TreeView<ProcessNode>;
  private readonly subscriptions: vscode.Disposable[];
  private forest: ProcessNode[] | undefined;
  /** What each row shows now, by node id: a row is redrawn when this text changes. */
  private drawn = new Map<string, string>();
  private timer: NodeJS.Timeout | undefined;
  private allUsers = false;
  private disposed = false;

  constructor(
    private readonly source: ProcessSource,
    private readonly attached: AttachedProcesses,
  ) {
    this.view = vscode.window.createTreeView(PROCESS_VIEW, {
      treeDataProvider: this,
      showCollapseAll: false,
    });
    this.subscriptions = [
      this.view,
      this.changed,
      this.view.onDidChangeVisibility(() => this.schedule(0)),
      attached.onDidChange(() => this.redraw()),
    ];
  }

  dispose(): void {
    this.disposed = true;
    clearTimeout(this.timer);
    vscode.Disposable.from(...this.subscriptions).dispose();
  }

  /** Reads the processes now, and from then on in the usual rhythm. */
  async refresh(): Promise<void> {
    clearTimeout(this.timer);
    try {
      this.show(await this.read());
      this.setMessage('');
    } catch (error) {
      this.show([]);
      this.setMessage(error instanceof Error ? error.message : String(error));
    }
    this.schedule(INTERVAL);
  }

  async showUsers(all: boolean): Promise<void> {
    this.allUsers = all;
    await vscode.commands.executeCommand('setContext', ALL_USERS_KEY, all);
    await this.refresh();
  }

  async getChildren(node?: ProcessNode): Promise<ProcessNode[]> {
    if (node) return node.children;
    if (this.forest === undefined) await this.refresh();
    return this.forest ?? [];
  }

  getTreeItem(node: ProcessNode): vscode.TreeItem {
    const { process } = node;
    const item = new vscode.TreeItem(shortLabel(process), collapsibleState(node));
    const state = this.stateOf(node);
    item.id = node.id;
    item.description = shortDescription(process, Date.now());
    item.contextValue = state;
    item.iconPath = icon(state, warnings(process).length > 0);
    item.accessibilityInformation = { label: `${process.label}, ${item.description}, ${stateName(state)}` };
    return item;
  }

  /** The tooltip is made when it is asked for, not on every reading. */
  resolveTreeItem(item: vscode.TreeItem, node: ProcessNode): vscode.TreeItem {
    item.tooltip = tooltip(node, this.stateOf(node));
    return item;
  }

  private async read(): Promise<ProcessNode[]> {
    const processes = await this.source.list();
    return plant(processes.filter((process) => this.allUsers || isOwn(process)));
  }

  /** Keeps the nodes of processes that are still there: VS Code knows a row by its node. */
  private show(next: ProcessNode[]): void {
    if (this.disposed) return;
    if (this.forest === undefined || shape(this.forest) !== shape(next)) {
      this.forest = next;
      this.drawn = this.draw();
      this.changed.fire(undefined);
      return;
    }
    const fresh = new Map(walk(next).map((node) => [node.id, node.process]));
    for (const node of walk(this.forest)) node.process = fresh.get(node.id) ?? node.process;
    this.redraw();
  }

  private redraw(): void {
    const before = this.drawn;
    this.drawn = this.draw();
    const stale = walk(this.forest ?? []).filter((node) => before.get(node.id) !== this.drawn.get(node.id));
    if (stale.length > 0) this.changed.fire(stale);
  }

  private draw(): Map<string, string> {
    const now = Date.now();
    return new Map(
      walk(this.forest ?? []).map((node) => [
        node.id,
        [
          node.process.label,
          shortDescription(node.process, now),
          this.stateOf(node),
          ...warnings(node.process).map((finding) => finding.id),
        ].join('\n'),
      ]),
    );
  }

  private stateOf(node: ProcessNode): string {
    if (this.attached.sessionOf(node.process.pid)) return ROW_STATES.attached;
    if (!node.process.attachable) {
      return canAttachElevated(node.process) ? ROW_STATES.refusedRights : ROW_STATES.refused;
    }
    return node.children.some((child) => child.process.attachable)
      ? ROW_STATES.attachableTree
      : ROW_STATES.attachable;
  }

  private setMessage(text: string): void {
    if (!this.disposed) this.view.message = text;
  }

  private schedule(delay: number): void {
    clearTimeout(this.timer);
    if (this.view.visible && !this.disposed) this.timer = setTimeout(() => void this.refresh(), delay);
  }
}

function collapsibleState(node: ProcessNode): vscode.TreeItemCollapsibleState {
  const { Expanded, None } = vscode.TreeItemCollapsibleState;
  return node.children.length > 0 ? Expanded : None;
}

function icon(state: string, warned: boolean): vscode.ThemeIcon {
  if (state === ROW_STATES.attached) {
    return new vscode.ThemeIcon('debug-alt', new vscode.ThemeColor('debugIcon.startForeground'));
  }
  if (isRefused(state)) {
    return new vscode.ThemeIcon('circle-slash', new vscode.ThemeColor('disabledForeground'));
  }
  return warned
    ? new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground'))
    : new vscode.ThemeIcon('server-process');
}

function isRefused(state: string): boolean {
  return state.startsWith(ROW_STATES.refused);
}

function stateName(state: string): string {
  if (state === ROW_STATES.attached) return 'attached';
  return isRefused(state) ? 'cannot be attached' : 'attachable';
}

/** Texts from processes go in as code or as plain text: markup in them must stay text. */
function tooltip({ process, children }: ProcessNode, state: string): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  text
    .appendMarkdown('**')
    .appendText(process.label)
    .appendMarkdown(`** — ${stateName(state)}\n\n`);
  if (isRefused(state)) text.appendText(refusalText(process)).appendMarkdown('\n\n');
  for (const { what, why, fix } of warnings(process)) {
    text.appendText([what, why, fix].filter(Boolean).join(' ')).appendMarkdown('\n\n');
  }
  text.appendCodeblock(shownCommand(process.commandLine), 'shellscript');
  const used = consumption(process);
  const facts: [string, string | undefined][] = [
    ['Process id', String(process.pid)],
    ['Python', process.version],
    ['Executable', process.executable],
    ['Folder', process.cwd],
    ['User', process.user],
    ['Container', process.container],
    ['Started', new Date(process.startedAt).toLocaleString()],
    ['Processor time', used.cpu],
    ['Memory', used.memory],
    ['Workers', children.length > 0 ? String(children.length) : undefined],
  ];
  for (const [name, value] of facts) {
    if (value !== undefined) text.appendMarkdown(`- ${name}: `).appendText(value).appendMarkdown('\n');
  }
  return text;
}
