import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Scenario } from '../support/scenario';
import { runScenario } from '../support/scenario';
import { Pylatch } from '../support/scenario/debuggers';
import { difference } from '../support/scenario/transcript';
import type { Interpreter } from '../support/targets';
import { interpreters } from '../support/targets';
import { SCENARIOS } from './scenarios';

/** Two cores: one scenario's program starts while another one waits. */
const AT_A_TIME = 3;

async function check(scenario: Scenario, pylatch: Pylatch, { path }: Interpreter): Promise<void> {
  const { expected, got, hints } = await runScenario(scenario, pylatch, path);
  if (expected.join('\n') === got.join('\n')) return;
  assert.fail(`missing (-) and not expected (+):\n${difference(expected, got)}\n\n${hints}`);
}

describe('conformance', async () => {
  let pylatch: Pylatch;
  before(async () => (pylatch = await Pylatch.start()));
  after(() => pylatch.close());
  for (const python of await interpreters()) {
    describe(`CPython ${python.version}`, { concurrency: AT_A_TIME }, () => {
      for (const scenario of SCENARIOS.filter(({ only }) => only === undefined || only === python.version))
        test(scenario.name, () => check(scenario, pylatch, python));
    });
  }
});
