import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { interpreters, startTarget } from '../support/targets';
import type { Target } from '../support/targets';
import { goesOn, Stage } from './stage';
import type { Workbench } from './workbench';

const ATTACH = 'Pylatch: Attach to Python Process...';
const EXPLAIN = 'Explain This Process';
const VIEW = 'Python Processes';
const FILE = 'pricing.py';

let stage: Stage;
let stopLine: number;

before(async () => {
  stage = await Stage.open();
  stopLine = await stage.line(FILE, 'taxed = goods');
});
after(() => stage?.close());

/** A window with the sample's file open and a breakpoint set, and the sample running; the sample must outlive the test. */
async function withShop(
  name: string,
  python: string,
  test: (ui: Workbench, shop: Target) => Promise<void>,
): Promise<void> {
  const shop = await stage.startShop(python);
  try {
    await stage.inWindow(name, async (ui) => {
      await ui.openFile(FILE);
      await ui.setBreakpoint(stopLine);
      await test(ui, shop);
      await goesOn(shop);
      assert.doesNotMatch(shop.output(), /Traceback|Warning/, 'the program printed something of ours');
    });
  } finally {
    await shop.stop();
  }
}

async function newest(): Promise<string> {
  return (await interpreters()).at(-1)!.path;
}

async function detach(ui: Workbench): Promise<void> {
  await ui.toolbar('disconnect');
  await ui.waitSessionEnd();
}

/** What a user does in a first session, from the stop on. */
async function lookAround(ui: Workbench): Promise<void> {
  await ui.waitVariable('goods, value 16.0');
  await ui.waitFrame(/^Stack Frame total, line \d+, pricing\.py/);
  await ui.waitFrame(/^Stack Frame serve, line \d+, shop\.py/);
  await ui.waitVariable('order, value Order(');
  await ui.expandVariable('order, value');
  await ui.waitVariable('customer, value ');
  const members = await ui.completions('order.');
  for (const name of ['customer', 'items', 'number', 'voucher']) assert.ok(members.includes(name), name);
  assert.equal(await ui.evaluate('order.items[1].name.upper()'), "'MUG'");
}

describe('attach from the command palette', async () => {
  for (const { version, path } of await interpreters()) {
    it(`attaches to Python ${version}: pick, stop, look, step, detach`, () =>
      withShop(`palette-${version}`, path, async (ui, shop) => {
        await ui.palette(ATTACH);
        await ui.pick(String(shop.pid), `picker-${version}`);
        await ui.waitStopped(FILE, stopLine);
        assert.doesNotMatch((await ui.glyphAt(stopLine))!, /unverified/);
        await lookAround(ui);
        await ui.screenshot(`stopped-${version}`);
        await ui.toolbar('step-over');
        await ui.waitStopped(FILE, stopLine + 1);
        await ui.waitVariable('taxed, value 19.04');
        await ui.toolbar('continue');
        await ui.waitStopped(FILE, stopLine);
        await detach(ui);
        await ui.screenshot(`detached-${version}`);
        assert.deepEqual(await ui.messages(), []);
        assert.deepEqual(
          ui.log().filter((line) => line.includes('[pylatch.pylatch]')),
          [],
        );
      }));
  }
});

describe('launch.json', () => {
  it('attaches by pid when F5 is pressed', async () =>
    withShop('launch', await newest(), async (ui, shop) => {
      await stage.writeLaunch({ name: 'The shop', pid: shop.pid });
      await ui.startDebugging();
      await ui.waitStopped(FILE, stopLine);
      await ui.waitVariable('goods, value 16.0');
      await detach(ui);
    }));

  it('says what is wrong when the process does not exist', () =>
    stage.inWindow('no-process', async (ui) => {
      await stage.writeLaunch({ name: 'Nobody', pid: 4194305 });
      await ui.openFile(FILE);
      // Proves that the extension is known by now: VS Code drops an F5 that comes earlier.
      await ui.setBreakpoint(stopLine);
      await ui.startDebugging();
      const message = await ui.waitMessage('4194305');
      assert.match(message, /process/i);
      await ui.screenshot('no-process');
    }));

  it('has wrong types reported in the editor', () =>
    stage.inWindow('diagnostics', async (ui) => {
      await stage.writeLaunch({ name: 'Wrong', pid: true });
      await ui.quickOpen('launch.json');
      await ui.waitProblem(/Incorrect type/);
      await ui.screenshot('diagnostics');
    }));
});

describe('the view "Python Processes"', () => {
  it('attaches from the context menu and detaches by the inline action', async () =>
    withShop('view-menu', await newest(), async (ui, shop) => {
      const row = await ui.debugViewRow(VIEW, String(shop.pid));
      await ui.screenshot('view');
      await ui.contextMenu(row, 'Attach');
      await ui.waitStopped(FILE, stopLine);
      const attached = await ui.debugViewRow(VIEW, String(shop.pid));
      await ui.inlineAction(attached, 'Detach');
      await ui.waitSessionEnd();
    }));

  it('attaches by the inline action', async () =>
    withShop('view-inline', await newest(), async (ui, shop) => {
      await ui.inlineAction(await ui.debugViewRow(VIEW, String(shop.pid)), 'Attach');
      await ui.waitStopped(FILE, stopLine);
      await detach(ui);
    }));
});

describe('a process is explained', () => {
  it('from the view, the palette and the list of processes', async () =>
    withShop('explain', await newest(), async (ui, shop) => {
      const row = await ui.debugViewRow(VIEW, String(shop.pid));
      await ui.contextMenu(row, EXPLAIN);
      const text = await ui.editorText('takes the request');
      assert.match(text, new RegExp(`^shop\\.py \\(process ${shop.pid}\\) can be attached to\\.`));
      await ui.screenshot('explained');
      await ui.palette('View: Close Editor');
      await ui.palette(`Pylatch: ${EXPLAIN}`);
      await ui.pick(String(shop.pid), 'picker-explain');
      await ui.editorText('takes the request');
      await ui.palette('View: Close Editor');
      await ui.palette(ATTACH);
      await ui.filterPick(String(shop.pid));
      await ui.inlineAction(ui.quickPickRow(String(shop.pid)).first(), EXPLAIN);
      await ui.editorText('takes the request');
      assert.deepEqual(await ui.messages(), []);
    }));
});

describe('a program that does not come by', () => {
  it('is explained from the message', async () => {
    const source = "print('ready')\nsum(range(10**13))\n";
    const target = await startTarget({ python: await newest(), source, name: 'sums.py' });
    try {
      await target.waitFor('ready');
      await stage.inWindow('timeout', async (ui) => {
        await stage.writeLaunch({ name: 'Sums', pid: target.pid, timeout: 1 });
        await ui.openFile(FILE);
        await ui.setBreakpoint(stopLine);
        await ui.startDebugging();
        await ui.waitMessage('did not come by within 1 s');
        await ui.screenshot('timeout');
        await ui.pressButton(EXPLAIN);
        assert.match(await ui.editorText('takes the request'), /\d+ \(main\) +runs code/);
      });
      assert.equal(target.alive(), true);
    } finally {
      await target.stop();
    }
  });
});

describe('a process that cannot be attached to', () => {
  it('is listed last, with the reason, and explained when chosen', async (t) => {
    const old = oldPython();
    if (!old) return t.skip('python3 in PATH is missing, or new enough to be attached to');
    const shop = await stage.startShop(await newest());
    const job = await stage.startShop(old);
    try {
      await stage.inWindow('refused', async (ui) => {
        await ui.palette(ATTACH);
        await ui.filterPick('shop.py');
        await ui.quickPickRow(String(job.pid)).waitFor();
        const rows = await ui.pickRows();
        const at = (pid: number): number => rows.findIndex((row) => row.aria.includes(String(pid)));
        assert.ok(at(job.pid) > at(shop.pid), JSON.stringify(rows));
        await ui.pick(String(job.pid), 'picker-refused');
        const message = await ui.waitMessage(String(job.pid));
        assert.match(message, /3\.14/);
        await ui.screenshot('refused');
      });
    } finally {
      await Promise.all([shop.stop(), job.stop()]);
    }
  });
});

/** The python3 of PATH if it is older than 3.14. */
function oldPython(): string | undefined {
  try {
    const script = 'import sys; print(sys.executable if sys.version_info < (3, 14) else "")';
    return execFileSync('python3', ['-c', script], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}
