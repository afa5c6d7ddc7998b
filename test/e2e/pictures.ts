/**
 * Takes the pictures of the readme, beside the file that PYLATCH_SCREENSHOT names:
 *   PYLATCH_SCREENSHOT=media/screenshot.png node --import tsx test/e2e/pictures.ts
 * The picker shows all Python processes of the machine; behind `unshare --pid --fork --mount-proc` there are no others.
 */
import { dirname, join, resolve } from 'node:path';
import { interpreters } from '../support/targets';
import { Stage } from './stage';
import type { Workbench } from './workbench';

const SAMPLE = join(__dirname, '..', '..', 'examples', 'shop');
const PLACE = 'price = round(';

async function main(screenshot: string): Promise<void> {
  const stage = await Stage.open(SAMPLE);
  const line = await stage.line('shop.py', PLACE);
  const found = await interpreters();
  const programs = [
    stage.start(found.at(-1)!.path, '-m', 'http.server', '0'),
    stage.start('python3', '-m', 'http.server', '0'),
    stage.start(found[0]!.path, 'shop.py'),
  ];
  try {
    await stage.inWindow('pictures', async (ui) => {
      await ui.openFile('shop.py');
      await ui.goToLine(line);
      await ui.setBreakpoint(line);
      await ui.palette('Pylatch: Attach to Python Process...');
      await ui.quickPickRow(String(programs[2]!.pid)).waitFor();
      await ui.page.screenshot({ path: join(dirname(screenshot), 'picker.png') });
      await ui.pick(String(programs[2]!.pid));
      await arrange(ui, line);
      await ui.page.screenshot({ path: screenshot });
      await ui.toolbar('disconnect');
      await ui.waitSessionEnd();
    });
  } finally {
    await Promise.all(programs.map((program) => program.stop()));
    await stage.close();
  }
}

/** The first stop, with one object unfolded, one expression evaluated, and the sections that say nothing folded. */
async function arrange(ui: Workbench, line: number): Promise<void> {
  await ui.waitStopped('shop.py', line);
  await ui.widenSideBar(90);
  await ui.foldDebugView('Watch');
  await ui.waitVariable('order, value Order(');
  await ui.expandVariable('order, value Order(');
  await ui.waitVariable('customer, value');
  await ui.evaluate('order.items.most_common(1)');
}

const target = process.env['PYLATCH_SCREENSHOT'];
if (!target) throw new Error('PYLATCH_SCREENSHOT has to name the file to write');
void main(resolve(target));
