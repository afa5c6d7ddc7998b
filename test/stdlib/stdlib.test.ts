import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { preload } from '../../src/inject/attach';
import { differences, lasting, unsteady } from './compare';
import type { Difference } from './compare';
import { explanationOf, explanationsFor } from './explanations';
import { testFiles } from './files';
import type { TestFile } from './files';
import { writeReport } from './report';
import type { Report } from './report';
import { runTests, WHOLE } from './run';
import type { TestRun, Way } from './run';

const VERSIONS = ['3.14', '3.15'];
/** The full run tries everything and writes docs/stdlib.md. */
const writes = process.env['PYLATCH_STDLIB'] === 'write';
const WAYS: Way[] = writes ? ['idle', 'breakpoints'] : ['breakpoints'];
/** What one run of one file may take. */
const LIMIT_MS = writes ? 600_000 : 60_000;
/** How often a difference must show in a row to be one: a busy machine makes single tests late. */
const TRIES = 3;

const report: Report = new Map();
const root = debianRoot();

/** Where the interpreters are that fit the tests. */
async function debianRoot(): Promise<string> {
  const script = join(__dirname, '..', '..', 'scripts', 'interpreters.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [script, '--json', 'testsuite']);
  return (JSON.parse(stdout) as [{ path: string }])[0].path;
}

function filesBelow(folder: string, version: string): TestFile[] {
  return testFiles(join(folder, 'usr', 'lib', `python${version}`));
}

/** Of all versions: a file may be in one alone. */
function titlesBelow(folder: string): string[] {
  const files = VERSIONS.flatMap((version) => filesBelow(folder, version));
  return [...new Set(files.map(({ title }) => title))];
}

/** One test file under one version. */
class Trial {
  private readonly patterns: string[];

  constructor(
    private readonly folder: string,
    private readonly version: string,
    private readonly file: TestFile,
  ) {
    this.patterns = writes ? [] : (file.quick ?? []);
  }

  private run(way: Way): Promise<TestRun> {
    const { version, file, patterns } = this;
    const python = join(this.folder, 'usr', 'bin', `python${version}`);
    const library = join(this.folder, 'usr', 'lib', `python${version}`);
    return runTests({ python, library, file, way, patterns, limitMs: LIMIT_MS });
  }

  async check(t: TestContext): Promise<void> {
    const alone = [await this.run('alone')];
    assert.ok(alone[0]!.outcomes.size > 1, `no test was run:\n${alone[0]!.output}`);
    if (writes) alone.push(await this.run('alone'));
    const explained = new Set<string>();
    for (const way of WAYS) for (const name of await this.checkWay(t, way, alone)) explained.add(name);
    this.note(t, alone, explained);
    if (writes) await writeReport(titlesBelow(this.folder), VERSIONS, report);
  }

  /** Gives the tests whose difference is explained. */
  private async checkWay(t: TestContext, way: Way, alone: TestRun[]): Promise<string[]> {
    const known = explanationsFor(this.file.title, this.version, way);
    const tries: Difference[][] = [];
    let open: Difference[];
    do {
      tries.push(differences(alone[0]!, await this.run(way), unsteady(alone)));
      open = lasting(tries).filter((each) => explanationOf(each, known) === undefined);
      // Perhaps it comes from the machine and not from us: then it shows without us too.
      if (open.length > 0) alone.push(await this.run('alone'));
    } while (open.length > 0 && tries.length < TRIES);
    const gone = tries[0]!.filter((each) => !lasting(tries).some(({ test: name }) => name === each.test));
    for (const each of gone) t.diagnostic(`${way}: once, then no more: ${asText(each)}`);
    assert.deepEqual(open.map(asText), [], `with Pylatch attached (${way}) other than without`);
    const stale = known.filter((each) => !tries[0]!.some((found) => explanationOf(found, [each])));
    assert.deepEqual(stale, [], `explanations that are not needed any more (${way})`);
    return lasting(tries).map(({ test: name }) => name);
  }

  private note(t: TestContext, alone: TestRun[], explained: Set<string>): void {
    const left = unsteady(alone);
    const tests = alone[0]!.outcomes.size - 1;
    for (const [name, ends] of left) t.diagnostic(`left out, without Pylatch it is ${ends}: ${name}`);
    left.delete(WHOLE);
    t.diagnostic(`${tests} tests, ${explained.size} explained, ${left.size} left out`);
    const row = report.get(this.file.title) ?? new Map<string, never>();
    report.set(this.file.title, row.set(this.version, { tests, explained: explained.size, unsteady: left }));
  }
}

function asText({ test: name, alone, attached, detail }: Difference): string {
  return `${name}: ${alone}, attached ${attached} ${detail}`.trimEnd();
}

describe('the tests of the standard library', async () => {
  const folder = await root;
  before(preload);

  for (const version of VERSIONS) {
    for (const file of filesBelow(folder, version)) {
      if (!writes && file.slow) continue;
      test(`${file.title} (${version})`, (t) => new Trial(folder, version, file).check(t));
    }
  }
});
