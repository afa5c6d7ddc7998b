import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Elevator } from '../support/elevator';
import { interpreters } from '../support/targets';
import { goesOn, Stage } from './stage';

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
        await ui.pressButton('Attach as Administrator...');
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
});
