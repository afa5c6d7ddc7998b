/** Breakpoints as a user sets them in the editor: with a condition, as a log point, on a value. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { interpreters } from '../support/targets';
import { goesOn, Stage } from './stage';

const FILE = 'pricing.py';

let stage: Stage;

before(async () => {
  stage = await Stage.open();
});
after(() => stage?.close());

it('stops where a condition holds, logs without stopping', async () => {
  const shop = await stage.startShop((await interpreters()).at(-1)!.path);
  try {
    const [goods, taxed] = await Promise.all([
      stage.line(FILE, 'goods = net'),
      stage.line(FILE, 'taxed = goods'),
    ]);
    await stage.inWindow('special-breakpoints', async (ui) => {
      await ui.openFile(FILE);
      await ui.addSpecialBreakpoint(taxed, 'Conditional Breakpoint', 'order.number % 7 == 0');
      await ui.addSpecialBreakpoint(goods, 'Logpoint', 'pricing {order.number} for {order.customer}');
      await ui.palette('Pylatch: Attach to Python Process...');
      await ui.pick(String(shop.pid));
      await ui.waitStopped(FILE, taxed);
      const number = Number(await ui.evaluate('order.number'));
      assert.equal(number % 7, 0);
      await ui.waitOutput(`pricing ${number} for `);
      await ui.screenshot('special-breakpoints');
      await ui.toolbar('disconnect');
      await ui.waitSessionEnd();
      await goesOn(shop);
    });
  } finally {
    await shop.stop();
  }
});
