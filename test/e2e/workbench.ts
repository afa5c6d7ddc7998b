import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';

const ARTIFACTS = join(__dirname, '..', '..', 'out', 'e2e');
const STEP_LIMIT_MS = 15_000;
const LOAD_LIMIT_MS = 60_000;
const SIZE = { width: 1280, height: 800 };

const DEBUG_VIEW = '[id="workbench.view.debug"]';
const QUICK_INPUT = '.quick-input-widget:visible';
const CURRENT_EDITOR = '.editor-group-container.active .monaco-editor';

/** A button of the floating debug toolbar. */
export type ToolbarButton =
  'continue' | 'pause' | 'step-over' | 'step-into' | 'step-out' | 'disconnect' | 'stop';

/** One row of a list of the workbench, as a screen reader gets it. */
export interface Row {
  label: string;
  description: string;
  /** Label, description and detail, or the tooltip, in one line. */
  aria: string;
}

/**
 * The VS Code window as its user sees it: every method does one thing that a user does, or reads what is shown, and
 * waits until the workbench has followed. The selectors are those of VS Code 1.139.
 */
export class Workbench {
  private readonly console: string[] = [];

  private constructor(
    private readonly context: BrowserContext,
    readonly page: Page,
  ) {
    page.setDefaultTimeout(STEP_LIMIT_MS);
    page.on('console', (message) => this.console.push(`${message.type()}: ${message.text()}`));
  }

  /** Opens the workbench in a browser profile of its own, so that no state is left from an earlier test. */
  static async open(browser: Browser, url: string): Promise<Workbench> {
    const context = await browser.newContext({ viewport: SIZE, reducedMotion: 'reduce' });
    const ui = new Workbench(context, await context.newPage());
    await ui.page.goto(url);
    await ui.page.locator('.explorer-viewlet .monaco-list-row').first().waitFor({ timeout: LOAD_LIMIT_MS });
    return ui;
  }

  close(): Promise<void> {
    return this.context.close();
  }

  /** Everything that page and extension host have logged. */
  log(): readonly string[] {
    return this.console;
  }

  async openFile(name: string): Promise<void> {
    await this.page.keyboard.press('Control+Shift+E');
    await this.page.locator(`.explorer-viewlet .monaco-list-row[aria-label^="${name}"]`).dblclick();
    await this.page.locator(`.tab.active[data-resource-name="${name}"]`).waitFor();
    await this.page.locator('.editor-instance .view-line').first().waitFor();
  }

  /** The text of the active editor, once it has this one in it. Only the lines in view are there. */
  async editorText(text: string): Promise<string> {
    const lines = this.page.locator(`${CURRENT_EDITOR} .view-lines`);
    let shown = '';
    await until(`the editor shows ${text}`, async () => {
      shown = (await lines.innerText()).replaceAll('\u00a0', ' ');
      return shown.includes(text);
    });
    return shown;
  }

  /** Opens a file by its name alone, wherever it is. */
  async quickOpen(name: string): Promise<void> {
    await this.page.keyboard.press('Control+P');
    await this.page.locator(`${QUICK_INPUT} .quick-input-box input`).fill(name);
    await this.quickPickRow(name).first().click();
    await this.page.locator(`.tab.active[data-resource-name="${name}"]`).waitFor();
  }

  /** Moves the cursor, which brings the line into view. */
  async goToLine(line: number): Promise<void> {
    await this.page.keyboard.press('Control+G');
    await this.page.locator(`${QUICK_INPUT} .quick-input-box input`).fill(`:${line}`);
    await this.page.keyboard.press('Enter');
  }

  /** Starts the selected launch configuration. */
  async startDebugging(): Promise<void> {
    await this.page.keyboard.press('F5');
  }

  /** Clicks into the gutter, and again until the click counts: the languages' breakpoints register late. */
  async setBreakpoint(line: number): Promise<void> {
    const hint = this.page.locator(`${CURRENT_EDITOR} .glyph-margin-widgets .codicon-debug-hint`);
    const { x, y } = await this.gutter(line);
    await until(`a breakpoint can be set on line ${line}`, async () => {
      await this.page.mouse.move(x + 300, y);
      await this.page.mouse.move(x, y, { steps: 3 });
      return hint.isVisible();
    });
    await this.page.mouse.click(x, y);
    await until(`a breakpoint is on line ${line}`, async () => (await this.glyphAt(line)) !== undefined);
    await this.page.mouse.move(x + 300, y);
  }

  /** Adds a breakpoint with a condition or a log message, by the editor's own command and its small editor. */
  async addSpecialBreakpoint(
    line: number,
    kind: 'Conditional Breakpoint' | 'Logpoint',
    text: string,
  ): Promise<void> {
    await this.goToLine(line);
    await this.palette(`Debug: Add ${kind}...`);
    await this.page.locator('.breakpoint-widget .monaco-editor.focused').waitFor();
    await this.page.keyboard.type(text);
    await this.page.keyboard.press('Enter');
    await until(`a breakpoint is on line ${line}`, async () => (await this.glyphAt(line)) !== undefined);
  }

  /** Class names of the breakpoint glyph on a line: tells a verified breakpoint from others. */
  async glyphAt(line: number): Promise<string | undefined> {
    const { y } = await this.gutter(line);
    for (const glyph of await this.page.locator('.glyph-margin-widgets [class*="codicon-debug-"]').all()) {
      const [box, classes] = await Promise.all([glyph.boundingBox(), glyph.getAttribute('class')]);
      const breakpoint = classes?.includes('codicon-debug-breakpoint');
      if (breakpoint && box && Math.abs(box.y + box.height / 2 - y) < box.height / 2) return classes!;
    }
    return undefined;
  }

  /**
   * Runs a command by its title, with its category: `Pylatch: Attach to Python Process...`. A palette that was opened
   * before the extensions are known does not get their commands later, so it is opened again.
   */
  async palette(title: string): Promise<void> {
    const row = this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: title }).first();
    await until(`the command palette offers ${title}`, async () => {
      await this.page.keyboard.press('F1');
      await this.page.locator(`${QUICK_INPUT} .quick-input-box input`).fill(`>${title}`);
      if (await appears(row)) return true;
      await this.page.keyboard.press('Escape');
      return false;
    });
    await row.click();
  }

  /** The rows of the open quick pick that are in view. */
  pickRows(): Promise<Row[]> {
    return readRows(this.quickPickRow(''));
  }

  /** Types into the open quick pick. Of a long list only the rows in view are there: this brings a row into view. */
  async filterPick(text: string): Promise<void> {
    await this.page.locator(`${QUICK_INPUT} .quick-input-box input`).fill(text);
  }

  /** Searches the open quick pick and takes the row with this text. */
  async pick(text: string, picture?: string): Promise<void> {
    await this.quickPickRow('').first().waitFor();
    if (picture) await this.screenshot(picture);
    await this.filterPick(text);
    await this.quickPickRow(text).first().click();
  }

  /** Presses a button of the open quick pick's title. */
  async pickAction(title: string): Promise<void> {
    await this.page
      .locator(`${QUICK_INPUT} .quick-input-titlebar .action-label[aria-label="${title}"]`)
      .click();
  }

  quickPickRow(text: string): Locator {
    return this.page.locator(`${QUICK_INPUT} .quick-input-list .monaco-list-row`).filter({ hasText: text });
  }

  /** Waits until the program stands on a line: call stack, highlighted line and arrow agree. */
  async waitStopped(file: string, line: number): Promise<void> {
    const frame = this.page.locator(`${DEBUG_VIEW} .debug-call-stack .monaco-list-row:has(.stack-frame)`);
    await until(`the program is stopped at ${file}:${line}`, async () => {
      const top = await frame
        .first()
        .getAttribute('aria-label', { timeout: 1000 })
        .catch(() => undefined);
      return top?.includes(`line ${line}, ${file}`) ?? false;
    });
    await this.page.locator('.view-overlays .debug-top-stack-frame-line').waitFor();
    const { y } = await this.gutter(line);
    const arrow = this.page.locator('.glyph-margin-widgets [class*="codicon-debug-stackframe"]').first();
    await until(`the arrow is on line ${line}`, async () => near(await arrow.boundingBox(), y));
  }

  /** Waits for a frame of the call stack: `Stack Frame total, line 22, pricing.py`. The lower ones come later. */
  async waitFrame(text: RegExp): Promise<void> {
    const rows = this.page.locator(`${DEBUG_VIEW} .debug-call-stack .monaco-list-row:has(.stack-frame)`);
    await until(`the call stack has ${text}`, async () =>
      (await readRows(rows)).some((row) => text.test(row.aria)),
    );
  }

  /** Waits for a variable whose row starts like that, for example `goods, value 16`. */
  async waitVariable(start: string): Promise<void> {
    const row = this.variableRow(start);
    const scope = this.page.locator(`${DEBUG_VIEW} .debug-variables .monaco-list-row:has(.scope)`).first();
    await scope.waitFor();
    if ((await scope.getAttribute('aria-expanded')) === 'false') await scope.click();
    await row.first().waitFor();
  }

  async expandVariable(start: string): Promise<void> {
    await this.variableRow(start).first().locator('.monaco-tl-twistie').click();
  }

  async toolbar(button: ToolbarButton): Promise<void> {
    await this.toolbarButton(button).click();
  }

  /** Waits until no debug session is left. */
  async waitSessionEnd(): Promise<void> {
    await this.page.locator('.debug-toolbar').waitFor({ state: 'hidden' });
  }

  /** Evaluates an expression in the Debug Console; returns the text of the answer. */
  async evaluate(expression: string): Promise<string> {
    await this.typeInConsole(expression);
    const results = this.page.locator('.repl .repl-tree .monaco-list-row .evaluation-result');
    const before = await results.count();
    await this.page.keyboard.press('Enter');
    await until(`an answer to ${expression}`, async () => (await results.count()) > before);
    return (await results.last().innerText()).trim();
  }

  /** Waits until the Debug Console shows a line with this text. */
  async waitOutput(text: string | RegExp): Promise<void> {
    await this.page.locator('.repl .repl-tree .monaco-list-row').filter({ hasText: text }).first().waitFor();
  }

  /** What the Debug Console proposes after this text; the input is empty again afterwards. */
  async completions(text: string): Promise<string[]> {
    await this.typeInConsole(text);
    await this.page.keyboard.press('Control+Space');
    const rows = this.page.locator('.suggest-widget.visible .monaco-list-row');
    await rows.first().waitFor();

    const labels = (await readRows(rows)).map((row) => row.label);
    await this.page.keyboard.press('Escape');
    await this.typeInConsole('');
    return labels;
  }

  /** Opens Run and Debug with one of its views unfolded, and returns the view's row with this text. */
  async debugViewRow(view: string, text: string): Promise<Locator> {
    const pane = await this.openDebugView(view);
    const row = pane.locator('.monaco-list-row').filter({ hasText: text }).first();
    await until(`${view} has a row with ${text}`, async () => {
      if (await appears(row)) return true;
      await this.scroll(pane.locator('.pane-body'), 60);
      return false;
    });
    return row;
  }

  /** Presses a button in the header of a view of Run and Debug. */
  async viewAction(view: string, title: string): Promise<void> {
    await this.inlineAction((await this.openDebugView(view)).locator('.pane-header'), title);
  }

  private async openDebugView(view: string): Promise<Locator> {
    await this.page.keyboard.press('Control+Shift+D');
    const pane = this.page.locator(`${DEBUG_VIEW} .pane`).filter({
      has: this.page.locator(`.pane-header[aria-label^="${view}"]`),
    });
    const header = pane.locator('.pane-header');
    if ((await header.getAttribute('aria-expanded')) === 'false') await header.click();
    return pane;
  }

  /** Folds a view of Run and Debug. */
  async foldDebugView(view: string): Promise<void> {
    const header = this.page.locator(`${DEBUG_VIEW} .pane-header[aria-label^="${view}"]`);
    if ((await header.getAttribute('aria-expanded')) === 'true') await header.click();
  }

  /** Drags the border between side bar and editor. */
  async widenSideBar(pixels: number): Promise<void> {
    const box = (await this.page.locator('.part.sidebar').boundingBox())!;
    const [x, y] = [box.x + box.width, box.y + box.height / 2];
    await this.page.mouse.move(x, y);
    await this.page.mouse.down();
    await this.page.mouse.move(x + pixels, y, { steps: 5 });
    await this.page.mouse.up();
  }

  /** A click right after the menu has opened is ignored, as the second half of the click that opened it. */
  async contextMenu(row: Locator, item: string): Promise<void> {
    await row.click({ button: 'right' });
    const entries = this.page.locator('.context-view .monaco-menu .action-item');
    const entry = entries.filter({ has: this.page.getByText(item, { exact: true }) }).first();
    await entry.waitFor();
    await until(`the menu takes ${item}`, async () => {
      if (await entry.isVisible()) await entry.click({ timeout: 1000 }).catch(() => undefined);
      return entry.isHidden();
    });
  }

  async inlineAction(row: Locator, title: string): Promise<void> {
    await row.hover();
    await row.locator(`.action-label[aria-label="${title}"]`).click();
  }

  /** Waits for a notification or a modal message with this text and returns all of its text. */
  async waitMessage(text: string | RegExp): Promise<string> {
    const message = this.page
      .locator('.notification-toast, .monaco-dialog-box')
      .filter({ hasText: text })
      .first();
    await message.waitFor();
    return message.innerText();
  }

  /** Presses a button of a notification or of a modal message. */
  async pressButton(label: string): Promise<void> {
    const buttons = this.page.locator(
      '.notification-toast .monaco-button, .monaco-dialog-box .monaco-button',
    );
    await buttons.filter({ hasText: label }).first().click();
  }

  /** What notifications and modal messages say now. */
  messages(): Promise<string[]> {
    return this.page.locator('.notification-list-item-message, .monaco-dialog-box').allInnerTexts();
  }

  /** Problems that the editor shows: opens the Problems panel and waits for a row with this text. */
  async waitProblem(text: RegExp): Promise<string> {
    await this.page.keyboard.press('Control+Shift+M');
    const row = this.page.locator('.markers-panel .monaco-list-row').filter({ hasText: text }).first();
    await row.waitFor();
    return row.innerText();
  }

  /** Saves a picture of the window under out/e2e; returns its path. */
  async screenshot(name: string): Promise<string> {
    const path = join(ARTIFACTS, `${name}.png`);
    await mkdir(dirname(path), { recursive: true });
    await this.page.screenshot({ path });
    return path;
  }

  /** Keeps what a failed test needs to be understood: a picture and the log. */
  async keepEvidence(name: string): Promise<void> {
    await this.screenshot(`FAILED-${name}`);
    await writeFile(join(ARTIFACTS, `FAILED-${name}.log`), this.console.join('\n'));
  }

  /** Only the rows in view exist. The mouse does not stay, because a tooltip would cover the rows. */
  private async scroll(what: Locator, pixels: number): Promise<void> {
    const { x, y, width, height } = (await what.boundingBox())!;
    await this.page.mouse.move(x + width / 2, y + height / 2);
    await this.page.mouse.wheel(0, pixels);
    await this.page.mouse.move(SIZE.width / 2, SIZE.height / 2);
  }

  private toolbarButton(button: ToolbarButton): Locator {
    return this.page.locator(`.debug-toolbar .codicon-debug-${button}`);
  }

  private variableRow(start: string): Locator {
    return this.page.locator(`${DEBUG_VIEW} .debug-variables .monaco-list-row[aria-label^="${start}"]`);
  }

  private async typeInConsole(text: string): Promise<void> {
    await this.page.locator('.repl .repl-input-wrapper .monaco-editor').click();
    await this.page.keyboard.press('Control+A');
    await this.page.keyboard.press('Delete');
    await this.page.keyboard.type(text);
  }

  /** The middle of the gutter on a line. The order of the rows in the page is not that of the lines. */
  private async gutter(line: number): Promise<{ x: number; y: number }> {
    const numbers = this.page.locator(`${CURRENT_EDITOR} .margin-view-overlays .line-numbers`);
    const number = numbers.filter({ hasText: new RegExp(`^${line}$`) }).first();
    const margin = this.page.locator(`${CURRENT_EDITOR} .glyph-margin`).first();
    let place: { x: number; y: number } | undefined;
    await until(`line ${line} is in view`, async () => {
      const [row, column] = await Promise.all([number.boundingBox(), margin.boundingBox()]);
      if (row && column) place = { x: column.x + column.width / 2, y: row.y + row.height / 2 };
      return place !== undefined;
    });
    return place!;
  }
}

/** Polls until the condition holds. */
export async function until(
  what: string,
  condition: () => Promise<boolean>,
  limitMs = STEP_LIMIT_MS,
): Promise<void> {
  const end = Date.now() + limitMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`In ${limitMs} ms it did not come true that ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Waits for a moment only. */
function appears(what: Locator): Promise<boolean> {
  return what.waitFor({ timeout: 1000 }).then(
    () => true,
    () => false,
  );
}

function near(box: { y: number; height: number } | null, y: number): boolean {
  return box !== null && Math.abs(box.y + box.height / 2 - y) < box.height / 2;
}

async function readRows(rows: Locator): Promise<Row[]> {
  const text = async (row: Locator, part: string): Promise<string> =>
    (await row.locator(part).allInnerTexts()).join(' ').trim();
  return Promise.all(
    (await rows.all()).map(async (row) => ({
      label: await text(row, '.label-name'),
      description: await text(row, '.label-description'),
      aria: (await row.getAttribute('aria-label')) ?? '',
    })),
  );
}
