// npm start: from a fresh checkout to VS Code with Pylatch installed, beside a Python program that runs.
//   --check   ends when everything has answered, for tests
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { clearInterval, setInterval } from 'node:timers';

const ROOT = join(import.meta.dirname, '..');
const SAMPLE = join(ROOT, 'examples', 'shop');
const PROGRAM = join(SAMPLE, 'shop.py');
const LOG = join(ROOT, '.cache', 'shop.log');
const WINDOWS = process.platform === 'win32';
const CHECK = process.argv.includes('--check');

/** What has to be ended when we end, the last started first. */
const running = [];

async function main() {
  if (isStale()) await step('Installing the dependencies', () => run(WINDOWS ? 'npm.cmd' : 'npm', ['ci']));
  const python = await step('Finding CPython 3.14', findPython);
  const vsix = await step('Building and packaging the extension', makePackage);
  const sample = await step(`Starting ${PROGRAM}`, () => startSample(python));
  const code = CHECK ? undefined : desktopCode();
  if (code) await step('Opening VS Code', () => openDesktop(code, vsix));
  const url = code ? undefined : await step('Starting VS Code for the browser', () => openBrowser(vsix));
  if (CHECK) return check(url, sample);
  console.log(
    '\nRun "Pylatch: Attach to Python Process..." (F1) and choose shop.py. Ctrl-C ends everything.',
  );
  console.log(url ? `VS Code is ready: ${url}` : `VS Code is open on ${SAMPLE}.`);
}

/** npm writes that file last: it is missing or old when the installation is. */
function isStale() {
  const installed = join(ROOT, 'node_modules', '.package-lock.json');
  return (
    !existsSync(installed) || statSync(installed).mtimeMs < statSync(join(ROOT, 'package-lock.json')).mtimeMs
  );
}

async function findPython() {
  const { findInterpreters } = await import('./interpreters.mjs');
  const found = (await findInterpreters()).find(({ version }) => version === '3.14');
  if (!found) throw new Error('CPython 3.14 was not found. Install it, or name it in PYLATCH_PYTHON.');
  return found.path;
}

/** The packager names its file in its last line. */
async function makePackage() {
  const output = await run(process.execPath, ['scripts/package.mjs', '--out', '.cache']);
  const vsix = output.trim().split('\n').at(-1);
  if (!vsix?.endsWith('.vsix')) throw new Error(`scripts/package.mjs named no package:\n${output}`);
  return resolve(ROOT, vsix);
}

function startSample(python) {
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  const log = openSync(LOG, 'w');
  const child = spawn(python, [PROGRAM], {
    cwd: SAMPLE,
    stdio: ['ignore', log, log],
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
  });
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('spawn', () => {
      running.push(() => ended(child));
      done(child);
    });
  });
}

function ended(child) {
  return new Promise((done) => {
    if (child.exitCode !== null || child.signalCode !== null) return done();
    child.once('exit', done);
    child.kill();
  });
}

function desktopCode() {
  const name = WINDOWS ? 'code.cmd' : 'code';
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
}

async function openDesktop(code, vsix) {
  await run(code, ['--install-extension', vsix, '--force']);
  await run(code, [SAMPLE, PROGRAM]);
}

async function openBrowser(vsix) {
  const { startServer } = await import('../test/workbench/server.mjs');
  const server = await startServer({ folder: SAMPLE, vsix });
  running.push(() => server.stop());
  const file = `vscode-remote://127.0.0.1:${server.port}${PROGRAM}`;
  return `${server.url}&payload=${encodeURIComponent(JSON.stringify([['openFile', file]]))}`;
}

/** Asks for the page as a browser would: the first answer turns the token into a cookie. */
async function check(url, sample) {
  const first = await fetch(url, { redirect: 'manual' });
  const cookie = first.headers.getSetCookie().map((each) => each.split(';')[0]);
  const next = first.headers.get('location');
  const page = next ? await fetch(new URL(next, url), { headers: { cookie: cookie.join('; ') } }) : first;
  if (page.status !== 200) throw new Error(`${url} answers ${page.status}.`);
  if (sample.exitCode !== null) throw new Error(`The sample has ended with ${sample.exitCode}: see ${LOG}.`);
  console.log(`\nVS Code answers with 200 and the sample runs as process ${sample.pid}.`);
}

/** Says what is done, shows each second that it is still being done, and how long it took. */
async function step(name, work) {
  const started = Date.now();
  process.stdout.write(`${name} `);
  const ticker = setInterval(() => process.stdout.write('.'), 1000);
  try {
    const result = await work();
    process.stdout.write(` ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
    return result;
  } catch (error) {
    process.stdout.write(' failed\n');
    throw error;
  } finally {
    clearInterval(ticker);
  }
}

/** Runs a program to its end, quietly. Resolves with its stdout; a failure tells all that was printed. */
function run(command, args) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], shell: WINDOWS });
    let output = '';
    let all = '';
    child.stdout.on('data', (chunk) => ((output += chunk), (all += chunk)));
    child.stderr.on('data', (chunk) => (all += chunk));
    child.on('error', fail);
    child.on('close', (code) => {
      if (code === 0) done(output);
      else fail(new Error(`${command} ${args.join(' ')} ended with ${code}:\n${all}`));
    });
  });
}

async function stopAll() {
  for (const stop of running.splice(0).reverse()) await stop();
}

// The children keep us alive until a signal ends them with us, also in the middle of the steps.
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => void stopAll().then(() => process.exit(0)));
}
try {
  await main();
  if (CHECK) await stopAll();
} catch (error) {
  console.error(`\n${error.message}`);
  process.exitCode = 1;
  await stopAll();
}
