import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { Scenario } from '../support/scenario';
import { runScenario } from '../support/scenario';
import type { Debugger } from '../support/scenario/debuggers';
import { Debugpy, Pylatch } from '../support/scenario/debuggers';
import { difference } from '../support/scenario/transcript';
import { interpreters } from '../support/targets';
import { AS_ASKED, asCell, NOT_FOR_IT, readTable, writeTable } from './conformanceTable';
import type { Table } from './conformanceTable';
import { AREAS, SCENARIOS } from './scenarios';

/** Two cores: the program of one scenario starts while another one waits. */
const AT_A_TIME = 3;
const ROUNDS = Number(process.env['PYLATCH_REPEAT'] ?? 1);
/** `write`: the table is written anew; `new`: only rows that are not there yet, or have an empty cell, are tried. */
const WRITES = process.env['PYLATCH_CONFORMANCE'];
const DEBUGPY_VERSION = '3.14';
const DEBUGPY = `debugpy ${DEBUGPY_VERSION}`;

const run = promisify(execFile);
const committed = readTable();
/** A cell that this run does not come to stays as it was. */
const outcomes: Table = new Map(committed);

function isToDo({ name }: Scenario): boolean {
  const row = [...(committed.get(name)?.values() ?? [''])];
  return WRITES !== 'new' || row.includes('');
}

function note(scenario: Scenario, column: string, cell: string): void {
  const row = outcomes.get(scenario.name) ?? new Map<string, string>();
  outcomes.set(scenario.name, row.set(column, cell));
}

function suits({ only }: Scenario, version: string): boolean {
  return only === undefined || only === version;
}

async function checkPylatch(
  scenario: Scenario,
  kind: Debugger,
  python: string,
  column: string,
): Promise<void> {
  const outcome = await runScenario(scenario, kind, python);
  note(scenario, column, asCell(outcome));
  const { expected, got, hints } = outcome;
  if (expected.join('\n') === got.join('\n')) return;
  assert.fail(`missing (-) and not expected (+):\n${difference(expected, got)}\n\n${hints}`);
}

async function findDebugpy(): Promise<{ python: string; title: string }> {
  const script = join(__dirname, '..', '..', 'scripts', 'interpreters.mjs');
  const { stdout } = await run(process.execPath, [script, '--json', 'debugpy']);
  const [{ path }] = JSON.parse(stdout) as [{ path: string }];
  const python = join(path, 'usr', 'bin', `python${DEBUGPY_VERSION}`);
  const asked = await run(python, ['-c', 'import debugpy; print(debugpy.__version__)']);
  return { python, title: `debugpy ${asked.stdout.trim()}` };
}

describe('conformance', async () => {
  const pythons = await interpreters();
  let pylatch: Pylatch;
  before(async () => (pylatch = await Pylatch.start()));
  after(() => pylatch.close());

  for (let round = 1; round <= ROUNDS; round++) {
    for (const { version, path } of pythons) {
      const column = `Pylatch ${version}`;
      describe(`CPython ${version}, round ${round}`, { concurrency: AT_A_TIME }, () => {
        for (const scenario of SCENARIOS.filter((each) => suits(each, version) && isToDo(each)))
          test(scenario.name, () => checkPylatch(scenario, pylatch, path, column));
      });
    }
  }
});

describe('docs/conformance.md', { skip: WRITES !== undefined && 'it is written anew' }, async () => {
  const pythons = await interpreters();

  test('names the scenarios that there are, in their order', () => {
    const names = SCENARIOS.map(({ name }) => name);
    assert.deepEqual([...new Set(names)], names, 'two scenarios have the same name');
    assert.deepEqual([...committed.keys()], names);
  });

  test('says that all go as asked', () => {
    for (const scenario of SCENARIOS) {
      for (const { version } of pythons) {
        const expected = suits(scenario, version) ? AS_ASKED : NOT_FOR_IT;
        assert.equal(committed.get(scenario.name)?.get(`Pylatch ${version}`), expected, scenario.name);
      }
    }
  });
});

if (WRITES !== undefined)
  describe('debugpy', { concurrency: AT_A_TIME }, async () => {
    const { python, title } = await findDebugpy();
    const debugpy = new Debugpy(python);

    for (const scenario of SCENARIOS.filter(isToDo))
      test(scenario.name, async () => {
        note(scenario, DEBUGPY, asCell(await runScenario(scenario, debugpy, python)));
      });

    after(async () => {
      const pythons = await interpreters();
      for (const scenario of SCENARIOS)
        for (const { version } of pythons)
          if (!suits(scenario, version)) note(scenario, `Pylatch ${version}`, NOT_FOR_IT);
      const columns = [...pythons.map(({ version }) => `Pylatch ${version}`), DEBUGPY];
      await writeTable(AREAS, columns, outcomes, `${title} on Python ${DEBUGPY_VERSION}`);
    });
  });
