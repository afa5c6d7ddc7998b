// npm test [-- SUITE... --grep TEXT]: installs and builds what the tests need, runs the suites in order, and ends with
// one line "N passed, M failed". Only Node's own modules are imported at the top: the rest may have to be installed.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

const ROOT = path.join(import.meta.dirname, '..');
process.chdir(ROOT);
const MINUTE = 60_000;
// Its full run takes more than an hour (see docs/stdlib.md).
const STDLIB_LIMIT = process.env.PYLATCH_STDLIB ? 180 * MINUTE : undefined;

const SUITES = {
  lint: runLint,
  unit: (options) => runNode('unit', options),
  agent: (options) => runPython('agent', options),
  oracle: (options) => runPython('oracle', options),
  targets: (options) => runNode('targets', options),
  stress: (options) => runNode('stress', options),
  dap: (options) => runNode('dap', options),
  systems: (options) => runNode('systems', options),
  stdlib: (options) => runNode('stdlib', { ...options, limit: STDLIB_LIMIT }),
  e2e: runEndToEnd,
};

const { values, positionals } = parseArgs({ options: { grep: { type: 'string' } }, allowPositionals: true });
process.exitCode = await main(positionals.length > 0 ? positionals : Object.keys(SUITES), values);

async function main(names, { grep }) {
  const unknown = names.filter((name) => !(name in SUITES));
  if (unknown.length > 0)
    return fail(`No such suite: ${unknown}. There are: ${Object.keys(SUITES).join(', ')}.`);
  let interpreters;
  try {
    interpreters = await prepare();
  } catch (error) {
    return fail(error.message);
  }
  const outcomes = await runBuild();
  for (const name of names) outcomes.push(...(await runSuite(name, { grep, interpreters })));
  return conclude(outcomes);
}

function fail(message) {
  console.error(message);
  console.log('0 passed, 1 failed');
  return 1;
}

async function prepare() {
  if (!(await isInstalled())) await install();
  const { findInterpreters } = await import('./interpreters.mjs');
  const interpreters = await findInterpreters();
  for (const { version, path: python } of interpreters) console.log(`CPython ${version}: ${python}`);
  return interpreters;
}

/** The suites run even if the build fails: most of their tests do not need it. */
async function runBuild() {
  const { build } = await import('./build.mjs');
  return build().then(
    () => [],
    (error) => [failure('build', error.message)],
  );
}

/** Compares what npm noted in node_modules with the lock file: a fresh checkout's times say nothing. */
async function isInstalled() {
  const noted = await readFile('node_modules/.package-lock.json', 'utf8').catch(() => '{}');
  const present = JSON.parse(noted).packages ?? {};
  const wanted = JSON.parse(await readFile('package-lock.json', 'utf8')).packages;
  return Object.entries(wanted).every(
    ([name, { version, optional }]) => name === '' || optional || present[name]?.version === version,
  );
}

async function install() {
  const { code, output } = await runProcess('npm', ['ci'], { limit: 5 * MINUTE, quiet: true });
  if (code !== 0) throw new Error(`npm ci ended with ${code}:\n${output}`);
}

/** A suite that dies or runs nothing counts as one failure. */
async function runSuite(name, options) {
  const started = Date.now();
  console.log(`\n${name}`);
  const outcomes = await SUITES[name](options).catch((error) => [failure(name, error.message)]);
  if (outcomes.length === 0 && !options.grep) outcomes.push(failure(name, 'the suite ran no test'));
  const { passed, failed } = count(outcomes);
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(`${name}: ${passed} passed, ${failed} failed (${seconds} s)`);
  return outcomes;
}

function failure(name, text) {
  console.log(`  FAILED ${name}: ${text}`);
  return { kind: 'failed', name, text };
}

function conclude(outcomes) {
  const { passed, failed, skipped } = count(outcomes);
  console.log();
  for (const { kind, file, name, text } of outcomes) {
    if (kind !== 'passed')
      console.log(`${kind}: ${file ? `${file}: ` : ''}${name}${kind === 'skipped' ? `: ${text}` : ''}`);
  }
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

function count(outcomes) {
  const of = (kind) => outcomes.filter((outcome) => outcome.kind === kind).length;
  return { passed: of('passed'), failed: of('failed'), skipped: of('skipped') };
}

async function runLint({ grep }) {
  if (grep) return [];
  const { lint } = await import('./lint.mjs');
  return (await lint()).map(({ name, ok, output }) => {
    console.log(`  ${ok ? 'ok    ' : 'FAILED'} ${name}${ok ? '' : `\n${output}`}`);
    return { kind: ok ? 'passed' : 'failed', file: 'lint', name, text: output };
  });
}

async function runEndToEnd(options) {
  const installer = 'test/workbench/install.mjs';
  if (existsSync(installer)) {
    const { code, output } = await runProcess(process.execPath, [installer], {
      limit: 10 * MINUTE,
      quiet: true,
    });
    if (code !== 0) throw new Error(`${installer} ended with ${code}:\n${output}`);
  }
  return runNode('e2e', options);
}

async function runNode(suite, { grep, limit = 10 * MINUTE }) {
  const files = await filesBelow(path.join('test', suite), '.test.ts');
  if (files.length === 0) return [];
  const folder = await mkdtemp(path.join(tmpdir(), 'pylatch-test-'));
  const results = path.join(folder, 'results.jsonl');
  const args = [
    '--import',
    'tsx',
    '--test',
    '--test-concurrency=1',
    `--test-timeout=${limit}`,
    '--test-reporter=./scripts/reporter.mjs',
  ];
  if (grep) args.push(`--test-name-pattern=${grep}`);
  try {
    const env = { PYLATCH_TEST_RESULTS: results };
    const { code } = await runProcess(process.execPath, [...args, ...files], { env, limit });
    const outcomes = parseLines(await readFile(results, 'utf8').catch(() => ''));
    const explained = code === 0 || outcomes.some(({ kind }) => kind === 'failed');
    return explained ? outcomes : [...outcomes, failure(suite, `the test runner ended with ${code}`)];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function filesBelow(folder, end) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith(end));
  return files.map((entry) => path.join(entry.parentPath ?? entry.path, entry.name)).sort();
}

function parseLines(text) {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

/** Each file under each interpreter in a process of its own: a test that kills its interpreter takes no other along. */
async function runPython(suite, { grep, interpreters }) {
  const folder = path.join('test', suite);
  const names = (await readdir(folder).catch(() => [])).filter((name) => /^test_.*\.py$/.test(name)).sort();
  const outcomes = [];
  for (const { version, path: python } of interpreters) {
    for (const name of names)
      outcomes.push(...(await runUnittest(path.join(folder, name), version, python, grep)));
  }
  return outcomes;
}

async function runUnittest(file, version, python, grep) {
  const label = `${file} (${version})`;
  const args = ['-B', 'scripts/run_unittest.py', file, ...(grep ? [grep] : [])];
  const { code, output, stdout } = await runProcess(python, args, { limit: 3 * MINUTE, quiet: true });
  const outcomes = parseOutcomes(stdout);
  if (!outcomes || code !== 0) return [failure(label, `the process ended with ${code}\n${output}`)];
  if (outcomes.length === 0 && !grep) return [failure(label, 'the file has no tests')];
  const { passed, failed, skipped } = count(outcomes);
  for (const { kind, name, text } of outcomes)
    if (kind === 'failed') console.log(`  FAILED ${label} ${name}\n${text}`);
  const rest = `${failed ? `, ${failed} failed` : ''}${skipped ? `, ${skipped} skipped` : ''}`;
  console.log(`  ${failed ? 'failed' : 'ok    '} ${label}: ${passed} passed${rest}`);
  return outcomes.map((outcome) => ({ ...outcome, file: label }));
}

function parseOutcomes(stdout) {
  try {
    return JSON.parse(stdout.trim().split('\n').at(-1));
  } catch {
    return undefined;
  }
}

/**
 * Runs a process and, once it has ended or its limit is over, ends all that it left running.
 * @returns {Promise<{code: number | string, stdout: string, output: string}>}
 */
function runProcess(command, args, { env = {}, limit, quiet = false }) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      env: { ...process.env, ...env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, output, late] = ['', '', false];
    const keep = (stream, chunk) => {
      output += chunk;
      if (stream === 'stdout') stdout += chunk;
      if (!quiet) process[stream].write(chunk);
    };
    for (const stream of ['stdout', 'stderr'])
      child[stream].setEncoding('utf8').on('data', (chunk) => keep(stream, chunk));
    const end = () => endGroup(child.pid);
    const timer = setTimeout(() => ((late = true), end()), limit);
    process.once('exit', end);
    const done = (code) => {
      clearTimeout(timer);
      end();
      process.off('exit', end);
      resolve({ code: late ? `no end after ${limit / MINUTE} minutes` : code, stdout, output });
    };
    child.once('error', (error) => done(error.message));
    child.once('exit', end);
    child.once('close', (code, signal) => done(code ?? signal));
  });
}

function endGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left.
  }
}

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
