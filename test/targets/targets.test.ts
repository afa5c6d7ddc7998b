import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { AgentLink } from '../../src/adapter/agentLink';
import { PylatchError } from '../../src/common/errors';
import { silentLog } from '../../src/common/log';
import { attach, preload } from '../../src/inject/attach';
import { interpreters } from '../support/targets';
import type { Interpreter } from '../support/targets';
import { checkDoctor } from './doctor';
import type { Kind, Running } from './kind';
import { Unavailable } from './kind';
import { KINDS } from './kinds';
import { SURROUNDINGS } from './surroundings';
import { asCell, readTable, withoutTime, writeTable } from './table';
import type { Table } from './table';

const ALL = [...KINDS, ...SURROUNDINGS];
const CONFIG = { justMyCode: true, stopThreads: 'all', showReturnValue: false } as const;
const TIMEOUT_MS = 10_000;
/** What an attach may take at most, and how many tries a busy machine gets for it. */
const LIMIT_MS = 250;
const TRIES = 5;
const CLI = join(__dirname, '..', '..', 'dist', 'cli.js');

/** Its effect can be seen from outside wherever the target lives: the mask of new files, with the interpreter's number. */
const SCRIPT = 'import posix, _interpreters\nposix.umask(0o100 + _interpreters.get_current()[0])\n';
const MASK_OF_MAIN = '0100';

let folder: string;
let script: string;
const writes = process.env['PYLATCH_TARGETS'] === 'write';
const committed = readTable();
const outcomes: Table = new Map();

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'targets-'));
  script = join(folder, 'script.py');
  await writeFile(script, SCRIPT);
  await preload();
});

after(async () => {
  await rm(folder, { recursive: true, force: true });
  if (!writes) return;
  await writeTable(
    ALL,
    (await interpreters()).map(({ version }) => version),
    outcomes,
  );
});

/** Tries one row, and compares its outcome with the committed one. */
async function checkRow(t: TestContext, kind: Kind, python: Interpreter): Promise<void> {
  const target = await startOrSkip(t, kind, python);
  if (target === undefined) return;
  try {
    const printed = target.output();
    await checkDoctor(kind, target);
    const outcome =
      kind.expect === 'attached' ? await checkAttach(kind, target, python) : await checkRefusal(kind, target);
    t.diagnostic(outcome);
    assert.equal(target.alive(), true, 'the target has ended');
    assert.equal(target.output(), printed);
    await target.finish?.();
    note(kind.name, python.version, outcome);
  } finally {
    await target.stop();
  }
}

async function startOrSkip(t: TestContext, kind: Kind, python: Interpreter): Promise<Running | undefined> {
  try {
    return await kind.start(python);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    t.skip(error.message);
    return undefined;
  }
}

function note(kind: string, version: string, outcome: string): void {
  const row = outcomes.get(kind) ?? new Map<string, string>();
  outcomes.set(kind, row.set(version, outcome));
  if (writes) return;
  const before = committed.get(kind)?.get(version);
  assert.equal(withoutTime(outcome), withoutTime(before), 'docs/targets.md tells otherwise');
}

async function checkAttach(kind: Kind, target: Running, python: Interpreter): Promise<string> {
  const tries = kind.slow === undefined ? TRIES : 1;
  // The table shows what is possible; the check only asks whether the limit is.
  const enough = writes ? 0 : LIMIT_MS;
  let best = Infinity;
  for (let i = 0; i < tries && best > enough; i++) best = Math.min(best, await attachOnce(target, python));
  if (kind.slow === undefined) assert.ok(best <= LIMIT_MS, `the best of ${TRIES} attaches took ${best} ms`);
  await checkExec(target);
  return `${Math.round(best)} ms${kind.slow === undefined ? '' : ` (${kind.slow})`}`;
}

/** Attaches, asks the agent one thing, and lets go again: nothing may be left. Gives the milliseconds of the attach. */
async function attachOnce({ pid }: Running, { version }: Interpreter): Promise<number> {
  const start = performance.now();
  const agent = await attach({ pid, thread: 'any', timeoutMs: TIMEOUT_MS, config: CONFIG });
  const elapsed = performance.now() - start;
  const link = new AgentLink(agent.link, silentLog);
  link.onClose(() => link.fail(new PylatchError('agent-lost', 'The agent has closed the connection.')));
  link.onEvent(() => undefined);
  assert.ok(agent.welcome.python.startsWith(`${version}.`), agent.welcome.python);
  const { threads } = await link.request('threads', {});
  assert.ok(threads.length > 0, 'the agent sees no thread');
  const residue = await link.request('detach', {});
  assert.deepEqual(
    { ...residue, inert: [] },
    { tools: [], modules: [], threads: 0, files: [], failed: [], inert: [] },
  );
  await link.gone;
  return elapsed;
}

async function checkExec({ pid }: Running): Promise<void> {
  const { code, text } = await runCli(pid);
  assert.equal(code, 0, text);
  const deadline = performance.now() + TIMEOUT_MS;
  while ((await fileMask(pid)) !== MASK_OF_MAIN && performance.now() < deadline) await delay(5);
  assert.equal(await fileMask(pid), MASK_OF_MAIN, 'the script has run in the main interpreter');
}

async function fileMask(pid: number): Promise<string | undefined> {
  return /^Umask:\s*(\d+)$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
}

function runCli(pid: number): Promise<{ code: number; text: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, 'exec', String(pid), script], (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, text: stdout + stderr }),
    );
  });
}

/** Gives the text of the refusal. */
async function checkRefusal(
  { expect, timeoutMs = TIMEOUT_MS }: Kind,
  { pid, own }: Running,
): Promise<string> {
  const error = await attach({ pid, thread: 'any', timeoutMs, config: CONFIG }).then(
    ({ link }) => (link.close(), undefined),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof PylatchError, error === undefined ? 'it attached' : String(error));
  assert.equal(error.id, expect, error.message);
  return asCell(error.message, { [String(pid)]: 'PID', ...own });
}

describe('targets', async () => {
  for (const python of await interpreters()) {
    for (const kind of ALL) test(`${kind.name} (${python.version})`, (t) => checkRow(t, kind, python));
  }

  test('docs/targets.md has no other rows', { skip: writes && 'it is written anew' }, () => {
    assert.deepEqual([...committed.keys()].sort(), ALL.map(({ name }) => name).sort());
  });
});
