// Finds the interpreters which the tests, the benchmarks and the build need, or fetches them.
//   node scripts/interpreters.mjs [--json] [debugpy | emacs | builds | testsuite]
// It prints a listing on a terminal, and JSON with --json or where a program reads.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { fetchDebian, forgetDebian } from './debian.mjs';

const run = promisify(execFile);
export const VERSIONS = ['3.14', '3.15'];
const PROGRAMS = VERSIONS.map((version) => `usr/bin/python${version}`);

/** What else is fetched for benchmarks, foreign clients and other builds of Python, each into a root of its own. */
const EXTRAS = {
  debugpy: { packages: ['python3.14', 'python3-debugpy'], programs: ['usr/bin/python3.14'] },
  emacs: { packages: ['emacs-nox', 'elpa-dape'], programs: ['usr/bin/emacs-nox'] },
  builds: {
    packages: VERSIONS.flatMap((version) => [
      `python${version}-nopie`,
      `python${version}-dbg`,
      `libpython${version}-dev`,
    ]),
    // The package -nopie replaces the usual program of its version.
    programs: VERSIONS.flatMap((version) => [`usr/bin/python${version}`, `usr/bin/python${version}d`]),
  },
  // Interpreters of their own: the tests of one release fail under the library of another.
  testsuite: {
    packages: VERSIONS.flatMap((version) => [`python${version}`, `libpython${version}-testsuite`]),
    programs: PROGRAMS,
  },
};

// The layouts of alphas and betas are not those of the release, so they do not count.
const ASK = `
import sys
ok = sys.implementation.name == 'cpython' and hasattr(sys, 'remote_exec') \
    and sys.version_info.releaselevel in ('final', 'candidate')
print('%d.%d' % sys.version_info[:2] if ok else 'no', sys.executable, sep='\\n')
`;

/**
 * One interpreter for each of {@link VERSIONS}, each proven by running it.
 * @returns {Promise<{version: string, path: string}[]>}
 * @throws an Error which says what was tried and what to do, if one is missing
 */
export async function findInterpreters() {
  const places = [givenPlace(), pathPlace(), uvPlace(), pyenvPlace()];
  const tried = await Promise.all(places.map(examine));
  const found = new Map();
  for (const { interpreters } of tried) {
    for (const each of interpreters) if (!found.has(each.version)) found.set(each.version, each);
  }
  const notes = tried.map(({ note }) => note);
  if (VERSIONS.some((version) => !found.has(version))) notes.push(await addFromDebian(found));
  const missing = VERSIONS.filter((version) => !found.has(version));
  if (missing.length > 0) throw new Error(explain(missing, notes));
  return VERSIONS.map((version) => found.get(version));
}

/** Fetches one of the {@link EXTRAS}: its root folder, in which its programs run in place. */
export async function findExtra(name) {
  const extra = EXTRAS[name];
  if (!extra) throw new Error(`No such extra: ${name}. There are: ${Object.keys(EXTRAS).join(', ')}.`);
  return fetchDebian(extra.packages, name, extra.programs);
}

async function examine(place) {
  const { name, candidates } = await place;
  const asked = await Promise.all(candidates.map(ask));
  const interpreters = asked.filter((answer) => VERSIONS.includes(answer.version));
  const others = asked.map((answer, i) => `${candidates[i]} (${answer.problem ?? answer.version})`);
  return { interpreters, note: `${name}: ${others.join(', ') || 'nothing'}` };
}

/** `sys.executable` rather than the candidate: that may be a shim, and tests need the process to be Python itself. */
async function ask(candidate) {
  try {
    const { stdout } = await run(candidate, ['-I', '-S', '-c', ASK], { timeout: 20_000 });
    const [version, executable] = stdout.trim().split(/\r?\n/);
    if (version === 'no' || !executable) return { problem: 'no released CPython with sys.remote_exec' };
    return { version, path: executable };
  } catch (error) {
    return { problem: error.code === 'ENOENT' ? 'does not exist' : 'does not run' };
  }
}

async function givenPlace() {
  const candidates = (process.env.PYLATCH_PYTHON ?? '').split(path.delimiter).filter(Boolean);
  return { name: 'PYLATCH_PYTHON', candidates };
}

async function pathPlace() {
  const end = process.platform === 'win32' ? '.exe' : '';
  const names = [...VERSIONS.map((version) => `python${version}`), end ? 'python' : 'python3'];
  const dirs = (process.env.PATH ?? '').split(path.delimiter).filter(Boolean);
  const firsts = names.map((name) =>
    dirs.map((dir) => path.join(dir, name + end)).find((file) => existsSync(file)),
  );
  return { name: 'PATH', candidates: firsts.filter(Boolean) };
}

async function uvPlace() {
  const asked = await Promise.all(
    VERSIONS.map((version) =>
      run('uv', ['python', 'find', '--no-python-downloads', version]).catch(() => null),
    ),
  );
  const answers = asked.flatMap((answer) => answer?.stdout.trim() || []);
  const data = process.env.XDG_DATA_HOME ?? path.join(homedir(), '.local/share');
  const kept = await versionFolders(path.join(data, 'uv/python'), (version) => `cpython-${version}.`);
  return { name: 'uv', candidates: [...new Set([...answers, ...kept])] };
}

async function pyenvPlace() {
  const root = process.env.PYENV_ROOT ?? path.join(homedir(), '.pyenv');
  return {
    name: 'pyenv',
    candidates: await versionFolders(path.join(root, 'versions'), (version) => version),
  };
}

/** The interpreters in the folders of `dir` whose names begin with the prefix of a version, newest first. */
async function versionFolders(dir, prefix) {
  const names = await readdir(dir).catch(() => []);
  names.sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  return VERSIONS.flatMap((version) =>
    names
      .filter((name) => name.startsWith(prefix(version)))
      .map((name) => path.join(dir, name, 'bin', `python${version}`)),
  ).filter((file) => existsSync(file));
}

/** Adds what is still missing; what was fetched earlier and does not run any more is fetched anew, once. */
async function addFromDebian(found) {
  try {
    let fetched = await fromDebian();
    if (fetched.interpreters.length < PROGRAMS.length) {
      await forgetDebian('python');
      fetched = await fromDebian();
    }
    for (const each of fetched.interpreters) if (!found.has(each.version)) found.set(each.version, each);
    return fetched.note;
  } catch (error) {
    return `Debian sid: ${error.message}`;
  }
}

async function fromDebian() {
  const packages = VERSIONS.map((version) => `python${version}`);
  const root = await fetchDebian(packages, 'python', PROGRAMS);
  return examine({ name: 'Debian sid', candidates: PROGRAMS.map((program) => path.join(root, program)) });
}

function explain(missing, notes) {
  return [
    `CPython ${missing.join(' and ')} not found. Tried:`,
    ...notes.map((note) => `  - ${note}`),
    'Do one of these:',
    `  1. Install ${missing.join(' and ')} so that python${missing[0]} is in PATH, or by uv or pyenv:`,
    `     uv python install ${missing.join(' ')}`,
    `  2. Set PYLATCH_PYTHON to the interpreters' paths, separated by "${path.delimiter}".`,
    '  3. On Debian and its relatives, x86-64 or arm64: make a Debian archive reachable for apt; where its own',
    '     sources name none, set PYLATCH_DEBIAN_MIRROR to the address of one. Nothing is installed in the system.',
  ].join('\n');
}

async function main(args) {
  const names = args.filter((arg) => !arg.startsWith('-'));
  const found = names.length === 0 ? await findInterpreters() : await Promise.all(names.map(namedExtra));
  if (args.includes('--json') || !process.stdout.isTTY) return console.log(JSON.stringify(found));
  for (const each of found) console.log(`${each.version ?? each.name}\t${each.path}`);
}

async function namedExtra(name) {
  return { name, path: await findExtra(name) };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await main(process.argv.slice(2)).catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
