import type { Scenario } from '../../../support/scenario';

type Step = 'next' | 'stepIn' | 'stepOut';

/**
 * A scenario that stops at `#@start` and takes steps from there.
 *
 * @param steps separated by blanks, `next*3` for three of them
 * @param expect from the first step on; `ended` is added
 */
export function walk(
  name: string,
  program: string,
  steps: string,
  expect: string,
  attach: object = {},
): Scenario {
  const commands = steps.split(' ').flatMap((word) => {
    const [step, times = '1'] = word.split('*');
    return Array<Step>(Number(times)).fill(step as Step);
  });
  return {
    name,
    program,
    attach,
    async script(d) {
      await d.breakpoints('start');
      await d.go();
      await d.stop({ where: 'nowhere' });
      await d.breakpoints();
      for (const command of commands) await d[command]();
      await d.continue();
      await d.end();
    },
    expect: `
      breakpoint @start: verified
      stopped breakpoint
      ${expect}
      ended
    `,
  };
}
