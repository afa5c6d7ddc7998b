import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Elevator } from '../support/elevator';
import { interpreters } from '../support/targets';
import { goesOn, Stage } from './stage';

const VIEW = 'Python Processes';
const ALL_USERS = 'Show Processes of All Users';
const ELEVATE = 'Attach as Administrator...';
const NOBODY = 65_534;
const FILE = 'pricing.py';
const skip = process.getuid?.() !== 0 && 'only root can run the editor as somebody else';

describe("another user's program", { skip }, () => {
  let elevator: Elevator;
  let home: string;
  let stage: Stage;
  before(async () => {
    elevator = await Elevator.make();
    home = await mkdtemp(join(tmpdir(), 'home-'));
    await chmod(home, 0o777);
    // The server takes over what a login shell sets, as of any user.
    await writeFile(join(home, '.profile'), `PATH="${elevator.folder}:$PATH"\n`);
    const env = { ...elevator.environment(), HOME: home, SHELL: '/bin/sh' };
    stage = await Stage.open(undefined, { user: NOBODY, env });
  });
  after(async () => {
    await stage?.close();
    await elevator.remove();
    await rm(home, { recursive: true, force: true });
  });

  it('is attached to by a button, after the command was shown, with a password in the terminal', async () => {
    const line = await stage.line(FILE, 'taxed = goods');
    const shop = await stage.startShop((await interpreters()).at(-1)!.path);
    try {
      await stage.writeLaunch({ name: 'The shop', pid: shop.pid });
      await stage.inWindow('elevation', async (ui) => {
        await ui.openFile(FILE);
        await ui.setBreakpoint(line);
        await ui.startDebugging();
        assert.match(await ui.waitMessage('You may not debug'), /belongs to user root/);
        await ui.pressButton(ELEVATE);
        const text = await ui.waitMessage('as administrator?');
        const command = /sudo \S+ \S+cli\.js inject-helper \S+/.exec(text)?.[0];
        assert.ok(command?.endsWith(`-${shop.pid}/socket`), text);
        await ui.screenshot('elevation');
        await ui.pressButton('Run in Terminal');
        await ui.waitStopped(FILE, line);
        await ui.waitVariable('goods, value 16.0');
        await ui.toolbar('disconnect');
        await ui.waitSessionEnd();
      });
      await goesOn(shop);
    } finally {
      await shop.stop();
    }
  });

  it('is attached to from the list that a launch configuration opens, by that very configuration', async () => {
    const shop = await stage.startShop((await interpreters()).at(-1)!.path);
    try {
      const pid = '${command:pylatch.pickProcess}';
      await stage.writeLaunch({ name: 'Any shop', pid, stopOnEntry: true });
      await stage.inWindow('elevation-picker', async (ui) => {
        await ui.openFile(FILE);
        // Possible once the debuggers are known; never hit.
        await ui.setBreakpoint(1);
        await ui.startDebugging();
        await ui.pickAction(ALL_USERS);
        await ui.pick(String(shop.pid));
        await ui.waitMessage('cannot be attached to');
        await ui.pressButton(ELEVATE);
        await ui.waitMessage('as administrator?');
        await ui.pressButton('Run in Terminal');
        // Only that configuration stops without having been asked to.
        await ui.waitFrame(/shop\.py/);
        await ui.toolbar('disconnect');
        await ui.waitSessionEnd();
      });
      await goesOn(shop);
    } finally {
      await shop.stop();
    }
  });

  it('is attached to from the context menu of the view', async () => {
    const line = await stage.line(FILE, 'taxed = goods');
    const shop = await stage.startShop((await interpreters()).at(-1)!.path);
    try {
      await stage.inWindow('elevation-view', async (ui) => {
        await ui.openFile(FILE);
        await ui.setBreakpoint(line);
        await ui.viewAction(VIEW, ALL_USERS);
        await ui.contextMenu(await ui.debugViewRow(VIEW, String(shop.pid)), ELEVATE);
        await ui.waitMessage('as administrator?');
        await ui.screenshot('elevation-view');
        await ui.pressButton('Run in Terminal');
        await ui.waitStopped(FILE, line);
        await ui.toolbar('disconnect');
        await ui.waitSessionEnd();
      });
      await goesOn(shop);
    } finally {
      await shop.stop();
    }
  });
});
