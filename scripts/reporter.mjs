// Reporter of node:test for scripts/test.mjs: one line for each file, the details of each failure, and every result
// as a line of JSON in the file that PYLATCH_TEST_RESULTS names. Results are written as they come, so that those of
// a run which dies are not lost.
import { appendFileSync } from 'node:fs';
import path from 'node:path';
import { inspect } from 'node:util';

const results = process.env.PYLATCH_TEST_RESULTS;
// Node reports the tests that a name pattern leaves out as skipped.
const LEFT_OUT = 'test name does not match pattern';
const OF_INTEREST = new Set(['test:pass', 'test:fail', 'test:stdout', 'test:stderr']);

/** @param {AsyncIterable<{type: string, data: object}>} source events of node:test */
export default async function* reporter(source) {
  let current = newFile(undefined, Date.now());
  for await (const { type, data } of source) {
    if (!OF_INTEREST.has(type)) continue;
    if (data.file !== undefined && data.file !== current.file) {
      yield summary(current);
      current = newFile(data.file, current.ended);
    }
    current.ended = Date.now();
    if (type === 'test:stdout' || type === 'test:stderr') current.printed += data.message;
    const outcome = type === 'test:pass' || type === 'test:fail' ? judge(type, data) : undefined;
    if (outcome) yield note(current, outcome, data);
  }
  yield summary(current);
}

function newFile(file, started) {
  return { file, printed: '', started, ended: started, counts: { passed: 0, failed: 0, skipped: 0 } };
}

/** What one event means for the counts; undefined for suites and other frames around tests. */
function judge(type, { name, file, skip, details }) {
  if (skip === LEFT_OUT) return undefined;
  if (skip !== undefined) return { kind: 'skipped', text: skip === true ? 'no reason given' : skip };
  const isFile = isFileItself(name, file);
  if (type === 'test:pass') {
    if (isFile) return { kind: 'failed', text: 'the file has no tests' };
    return details.type === 'suite' ? undefined : { kind: 'passed' };
  }
  const { failureType, exitCode, signal } = details.error;
  if (failureType === 'subtestsFailed') return undefined;
  if (isFile)
    return { kind: 'failed', text: `the file's process ended with ${signal ?? `code ${exitCode}`}` };
  return { kind: 'failed', text: describe(details.error) };
}

/** Node reports a file's own process like a test, named after the file, when it failed or has no tests. */
function isFileItself(name, file) {
  return file !== undefined && path.resolve(name) === file;
}

function describe(error) {
  const cause = error.cause ?? error;
  const text = typeof cause === 'string' ? cause : inspect(cause, { depth: 5, colors: false });
  return text.replace(/^\s+at .*\(?node:.*[\d)]\n/gm, '');
}

function note(current, { kind, text }, { name: given, file }) {
  current.counts[kind] += 1;
  const name = isFileItself(given, file) ? '(the file)' : given;
  const where = path.relative(process.cwd(), file ?? '');
  if (results) appendFileSync(results, JSON.stringify({ kind, file: where, name, text }) + '\n');
  if (kind !== 'failed') return '';
  return `  FAILED ${where}: ${name}\n${indent(text)}\n`;
}

function summary({ file, printed, started, ended, counts }) {
  if (file === undefined) return '';
  const { passed, failed, skipped } = counts;
  const seconds = ((ended - started) / 1000).toFixed(1);
  const line = `  ${failed ? 'failed' : 'ok    '} ${path.relative(process.cwd(), file)}: ${passed} passed`;
  const rest = `${failed ? `, ${failed} failed` : ''}${skipped ? `, ${skipped} skipped` : ''} (${seconds} s)\n`;
  return failed && printed ? `${line}${rest}  it printed:\n${indent(printed.trimEnd())}\n` : line + rest;
}

function indent(text) {
  return text.replace(/^/gm, '      ');
}
