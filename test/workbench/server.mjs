// Starts the real VS Code workbench as a web server on 127.0.0.1: for the UI tests and for `npm start`.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { ensureWorkbench } from './install.mjs';

const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 8_000;

/** Everything that would talk to the network, or draw over the window, is off. */
const QUIET_SETTINGS = {
  'workbench.startupEditor': 'none',
  'workbench.welcomePage.experimentalOnboarding': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.tips.enabled': false,
  'workbench.enableExperiments': false,
  'chat.disableAIFeatures': true,
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'update.mode': 'none',
  'telemetry.telemetryLevel': 'off',
  'git.enabled': false,
  'json.schemaDownload.enable': false,
  'remote.autoForwardPorts': false,
  'window.commandCenter': false,
};

/** @type {typeof import('./server.mjs').startServer} */
export async function startServer(options) {
  const runtime = await ensureWorkbench();
  const own = options.dataDir === undefined;
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'pylatch-workbench-'));
  const dropData = () => own && rmSync(dataDir, { recursive: true, force: true, maxRetries: 10 });
  try {
    writeSettings(dataDir, options.userSettings);
    const env = own ? { TMPDIR: makeTemporary(dataDir), ...options.env } : options.env;
    if (options.user !== undefined) giveAway(dataDir, options.user);
    if (options.vsix) await installVsix(runtime, dataDir, { ...options, env });
    return await serve(runtime, dataDir, { ...options, env }, dropData);
  } catch (error) {
    dropData();
    throw error;
  }
}

function writeSettings(dataDir, userSettings) {
  const folder = join(dataDir, 'data', 'User');
  mkdirSync(folder, { recursive: true });
  const settings = { ...QUIET_SETTINGS, ...userSettings };
  writeFileSync(join(folder, 'settings.json'), JSON.stringify(settings, null, 2));
}

/** The server leaves sockets behind. */
function makeTemporary(dataDir) {
  const folder = join(dataDir, 'tmp');
  mkdirSync(folder);
  return folder;
}

function giveAway(dataDir, user) {
  for (const name of ['.', ...readdirSync(dataDir, { recursive: true })])
    chownSync(join(dataDir, name), user, user);
}

async function installVsix(runtime, dataDir, { vsix, ...options }) {
  const child = run(runtime, dataDir, ['--force', '--install-extension', resolve(vsix)], options);
  const code = await child.ended;
  if (code !== 0) throw new Error(`Installing ${vsix} ended with ${code}:\n${child.output()}`);
}

async function serve(runtime, dataDir, options, dropData) {
  const token = randomBytes(16).toString('hex');
  const child = run(
    runtime,
    dataDir,
    [
      ...['--host', '127.0.0.1', '--port', String(options.port ?? 0), '--connection-token', token],
      ...['--telemetry-level', 'off', '--disable-workspace-trust', '--disable-experiments'],
      '--disable-getting-started-override',
    ],
    options,
  );
  const stopOnExit = () => {
    child.process.kill('SIGKILL');
    dropData();
  };
  process.once('exit', stopOnExit);
  const stop = async () => {
    process.off('exit', stopOnExit);
    await end(child);
    dropData();
  };
  try {
    const port = await listeningPort(child);
    const version = await readVersion(port);
    const url = `http://127.0.0.1:${port}/?tkn=${token}&folder=${encodeURIComponent(resolve(options.folder))}`;
    return { url, port, version, log: child.output, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function run({ node, serverMain }, dataDir, args, { user, env }) {
  const fixed = [serverMain, '--accept-server-license-terms', '--server-data-dir', dataDir];
  const child = spawn(node, [...fixed, ...args], {
    env: { ...cleanEnv(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(user === undefined ? {} : { uid: user, gid: user }),
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const ended = new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code, signal) => done(code ?? signal));
  });
  return { process: child, output: () => output, ended };
}

/** A terminal inside VS Code, and Node's test runner, leave variables that would steer the server. */
function cleanEnv() {
  const steering = /^(VSCODE_|ELECTRON_|NODE_)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !steering.test(name)));
}

/** Port 0 lets the system choose; the server then names its choice on stdout. */
async function listeningPort(child) {
  const limit = Date.now() + START_LIMIT_MS;
  let ended;
  void child.ended.then((code) => (ended = code));
  while (Date.now() < limit && ended === undefined) {
    const match = /listening on (\d+)/.exec(child.output());
    if (match) return Number(match[1]);
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`The VS Code server did not start (${ended ?? 'no answer'}):\n${child.output()}`);
}

async function readVersion(port) {
  const answer = await fetch(`http://127.0.0.1:${port}/version`, {
    signal: AbortSignal.timeout(START_LIMIT_MS),
  });
  if (!answer.ok) throw new Error(`The VS Code server answers ${answer.status} to /version.`);
  return answer.text();
}

async function end(child) {
  child.process.kill('SIGTERM');
  const hard = setTimeout(() => child.process.kill('SIGKILL'), STOP_LIMIT_MS);
  await child.ended;
  clearTimeout(hard);
}
