import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { Scenario } from '../support/scenario';
import { runScenario } from '../support/scenario';
import type { Debugger } from '../support/scenario/debuggers';
import { Pylatch } from '../support/scenario/debuggers';
import { difference, expectedLines, firstDifference } from '../support/scenario/transcript';
import { interpreters } from '../support/targets';

describe('transcripts', () => {
  test('ignore blank lines and indents of what is expected', () => {
    assert.deepEqual(expectedLines('\n    one\n\n  two  \n'), ['one', 'two']);
  });

  test('name the first difference', () => {
    assert.equal(firstDifference(['a', 'b'], ['a', 'b']), undefined);
    assert.equal(firstDifference(['a', 'b'], ['a', 'c']), '`c` instead of `b`');
    assert.equal(firstDifference(['a', 'b'], ['a']), 'the end instead of `b`');
    assert.equal(firstDifference(['a'], ['a', 'b']), '`b` instead of the end');
  });

  test('show what is missing and what is too much in its place', () => {
    assert.equal(difference(['a', 'b', 'c'], ['a', 'x', 'c', 'd']), '  a\n- b\n+ x\n  c\n+ d');
  });
});

describe('a scenario', async () => {
  const [python] = await interpreters();
  let pylatch: Pylatch;
  before(async () => (pylatch = await Pylatch.start()));
  after(() => pylatch.close());

  const loop: Scenario = {
    name: 'a loop',
    program: `
import time


def main():
    while True:
        time.sleep(0.001)  #@loop
`,
    script: (d) => d.go(),
    expect: '',
  };

  const play = (
    scenario: Partial<Scenario>,
    limits = pylatch.limits,
  ): Promise<{ got: string[]; cutShort: string | undefined }> =>
    runScenario(
      { ...loop, ...scenario },
      Object.assign(Object.create(pylatch) as Debugger, { limits }),
      python!.path,
    );

  test('tells a stop that nobody asked for', async () => {
    const { got } = await play({
      async script(d) {
        await d.breakpoints('loop');
        await d.go();
        await d.stop();
        await d.continue();
        // It is refused as long as the thread runs.
        while (!(await d.ask('stackTrace', { threadId: d.threadId })));
      },
    });
    const stops = got.filter((line) => line.includes('stopped'));
    assert.deepEqual(stops, ['stopped breakpoint: main @loop', 'not asked for: stopped breakpoint']);
  });

  test('that waits in vain is cut short, and leaves no process and no file', async () => {
    let [pid, folder] = [0, ''];
    const { got, cutShort } = await play(
      {
        async script(d) {
          [pid, folder] = [d.program.pid, d.program.files.folder];
          await d.go();
          await d.stop();
        },
      },
      { ...pylatch.limits, wait: 300 },
    );
    assert.deepEqual([got, cutShort], [['no stop'], 'no stop']);
    assert.throws(() => process.kill(pid, 0), /ESRCH/);
    assert.equal(existsSync(folder), false);
  });

  test('that takes too long is cut short', async () => {
    const { got } = await play(
      {
        async script(d) {
          await d.go();
          for (;;) await d.threadNames();
        },
      },
      { ...pylatch.limits, script: 1000 },
    );
    assert.deepEqual(got, ['not done after 1 s']);
  });
});
