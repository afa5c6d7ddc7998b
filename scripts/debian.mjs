// Packages of Debian sid, unpacked into `.cache/` and made runnable there: nothing is installed in the system and
// no rights are needed. apt runs on a configuration of its own, so that no setting of the machine's apt gets in,
// and it checks the archive's signatures as usual.
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const CACHE = path.join(import.meta.dirname, '..', '.cache');
const KEYRINGS = ['gpg', 'pgp'].map((end) => `/usr/share/keyrings/debian-archive-keyring.${end}`);
const MACHINES = {
  x64: { arch: 'amd64', triplet: 'x86_64-linux-gnu', loader: 'ld-linux-x86-64.so.2' },
  arm64: { arch: 'arm64', triplet: 'aarch64-linux-gnu', loader: 'ld-linux-aarch64.so.1' },
};

/**
 * Fetches packages of Debian sid with all that they depend on.
 * @param {string[]} packages names of packages
 * @param {string} folder name of the folder under `.cache/` which keeps them
 * @param {string[]} programs executables, relative to the root, which are to run in place
 * @returns {Promise<string>} the root of the unpacked files; a later call finds them there at once
 */
export async function fetchDebian(packages, folder, programs = []) {
  const base = path.join(CACHE, folder);
  if (await isReady(base, packages, programs)) return path.join(base, 'root');
  const machine = await checkMachine();
  await mkdir(CACHE, { recursive: true });
  const unlock = await lock(`${base}.lock`);
  try {
    if (!(await isReady(base, packages, programs))) await fill(base, packages, programs, machine);
  } finally {
    unlock();
  }
  return path.join(base, 'root');
}

/** Forgets what was fetched, for the case that it turns out not to run. */
export async function forgetDebian(folder) {
  await rm(path.join(CACHE, folder), { recursive: true, force: true });
}

/** A moved checkout is not ready: the programs hold absolute paths of their root. */
async function isReady(base, packages, programs) {
  const wanted = readyNote(base, packages, programs);
  return wanted === (await readFile(path.join(base, 'ready.json'), 'utf8').catch(() => ''));
}

function readyNote(base, packages, programs) {
  return JSON.stringify({ base, packages, programs });
}

async function checkMachine() {
  const machine = process.platform === 'linux' ? MACHINES[process.arch] : undefined;
  if (!machine) throw new Error(`Debian packages are fetched on x86-64 and arm64 Linux only`);
  for (const tool of ['apt-get', 'dpkg-deb', 'flock']) {
    if (!onPath(tool)) throw new Error(`this is no Debian-like system: ${tool} is missing`);
  }
  const keyring = KEYRINGS.find((file) => existsSync(file));
  if (!keyring) throw new Error(`${KEYRINGS[0]} is missing: install the package debian-archive-keyring`);
  return { ...machine, keyring, mirror: await findMirror() };
}

function onPath(tool) {
  return (process.env.PATH ?? '').split(path.delimiter).some((dir) => existsSync(path.join(dir, tool)));
}

/**
 * Waits for the lock and returns the function that opens it. The kernel frees it when `flock` ends, and that ends
 * when its standard input does: so an interrupted run never leaves a stale lock.
 */
async function lock(file) {
  const child = spawn('flock', ['-o', file, 'sh', '-c', 'echo locked; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`flock ${file} ended with ${code}`)));
  });
  return () => child.stdin.end();
}

/** Works in a folder of this process and renames it at the end: what is there under its final name is complete. */
async function fill(base, packages, programs, machine) {
  await sweep(base);
  const work = `${base}.work-${process.pid}`;
  const apt = path.join(work, 'apt');
  const root = path.join(work, 'root');
  const final = path.join(base, 'root');
  console.error(
    `Fetching ${packages.join(', ')} of Debian sid into ${path.relative(process.cwd(), base)} ...`,
  );
  try {
    await download(apt, programs.length > 0 ? [...packages, 'patchelf'] : packages, machine);
    await unpack(path.join(apt, 'archives'), root, packages);
    for (const program of programs) await makeRunnable(root, final, program, machine);
    await rm(apt, { recursive: true });
    await writeFile(path.join(work, 'ready.json'), readyNote(base, packages, programs));
    await rm(base, { recursive: true, force: true });
    await rename(work, base);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Removes what interrupted runs have left; the lock is held, so nobody else is at work. */
async function sweep(base) {
  const left = (await readdir(CACHE)).filter((name) => name.startsWith(`${path.basename(base)}.work-`));
  for (const name of left) await rm(path.join(CACHE, name), { recursive: true, force: true });
}

async function download(apt, packages, machine) {
  for (const dir of ['archives/partial', 'lists/partial', 'empty']) {
    await mkdir(path.join(apt, dir), { recursive: true });
  }
  await writeFile(path.join(apt, 'status'), '');
  const source = `deb [signed-by=${machine.keyring}] ${machine.mirror} sid main\n`;
  await writeFile(path.join(apt, 'sources.list'), source);
  await writeFile(path.join(apt, 'apt.conf'), await aptConfiguration(apt, machine));
  await aptGet(apt, ['update', '--error-on=any']);
  await aptGet(apt, ['install', '--download-only', '--no-install-recommends', ...packages]);
}

async function aptConfiguration(apt, machine) {
  const settings = {
    'Dir::Etc::main': '/dev/null',
    'Dir::Etc::parts': `${apt}/empty`,
    'Dir::Etc::sourcelist': `${apt}/sources.list`,
    'Dir::Etc::sourceparts': `${apt}/empty`,
    'Dir::Etc::preferences': '/dev/null',
    'Dir::Etc::preferencesparts': `${apt}/empty`,
    'Dir::State': apt,
    'Dir::State::lists': `${apt}/lists`,
    'Dir::State::status': `${apt}/status`,
    'Dir::Cache': apt,
    'Dir::Cache::archives': `${apt}/archives`,
    'APT::Architecture': machine.arch,
    'APT::Architectures': machine.arch,
    // Apt would otherwise complain that its unprivileged user cannot write to our folder.
    'APT::Sandbox::User': 'root',
    'APT::Get::Assume-Yes': 'true',
    'Acquire::Languages': 'none',
    'Acquire::Check-Valid-Until': 'false',
    'Acquire::Check-Date': 'false',
    'Acquire::Retries': '2',
    'Acquire::http::Timeout': '30',
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} "${value}";`);
  return [...lines, ...(await proxySettings())].join('\n') + '\n';
}

/** The one setting of the machine that has to be kept: without its proxy the mirror may be out of reach. */
async function proxySettings() {
  const { stdout } = await run('apt-config', [
    'dump',
    '--format',
    '%f "%v";%n',
    'Acquire::http',
    'Acquire::https',
  ]);
  return stdout.split('\n').filter((line) => /^Acquire::https?::(Proxy|Verify|CAInfo)\b.* ".+";$/.test(line));
}

async function aptGet(apt, args) {
  const env = {
    ...process.env,
    APT_CONFIG: path.join(apt, 'apt.conf'),
    LC_ALL: 'C',
    DEBIAN_FRONTEND: 'noninteractive',
  };
  await run('apt-get', ['-q', ...args], { env, maxBuffer: 1 << 26 }).catch((error) => {
    const reason = String(error.stderr || error.message).trim();
    throw new Error(`apt-get ${args[0]} failed: ${reason.split('\n').slice(-4).join('; ')}`);
  });
}

/** The wanted packages come last: one may bring its own form of a file that another has, which dpkg would divert. */
async function unpack(archives, root, wanted) {
  await mkdir(root, { recursive: true });
  const debs = (await readdir(archives)).filter((name) => name.endsWith('.deb'));
  const isWanted = (deb) => wanted.includes(deb.slice(0, deb.indexOf('_')));
  const unpackAll = async (names) => {
    for (let deb = names.pop(); deb; deb = names.pop())
      await run('dpkg-deb', ['-x', path.join(archives, deb), root]);
  };
  const rest = debs.filter((deb) => !isWanted(deb));
  await Promise.all(Array.from({ length: availableParallelism() }, () => unpackAll(rest)));
  await unpackAll(debs.filter(isWanted));
}

/**
 * Points a program at the loader and the libraries of its own root. DT_RPATH, not DT_RUNPATH, because only that one
 * also serves the libraries of extension modules. Two calls, because patchelf 0.18 breaks programs at a fixed
 * address when it is given both changes at once.
 */
async function makeRunnable(root, final, program, { triplet, loader }) {
  const libraries = path.join('usr/lib', triplet);
  const patchelf = ['--library-path', path.join(root, libraries), path.join(root, 'usr/bin/patchelf')];
  const patch = (...args) =>
    run(path.join(root, libraries, loader), [...patchelf, ...args, path.join(root, program)]);
  await patch('--force-rpath', '--set-rpath', path.join(final, libraries));
  await patch('--set-interpreter', path.join(final, libraries, loader));
}

/** PYLATCH_DEBIAN_MIRROR, else the Debian archive which the machine's own apt uses. */
async function findMirror() {
  const given = process.env.PYLATCH_DEBIAN_MIRROR;
  if (given) return given;
  for (const file of await sourceFiles()) {
    const text = await readFile(file, 'utf8').catch(() => '');
    const mirror = file.endsWith('.sources') ? mirrorInStanzas(text) : mirrorInLines(text);
    if (mirror) return mirror;
  }
  throw new Error('the sources of apt name no Debian archive, and PYLATCH_DEBIAN_MIRROR is not set');
}

async function sourceFiles() {
  const parts = await readdir('/etc/apt/sources.list.d').catch(() => []);
  const files = parts.filter((name) => /\.(list|sources)$/.test(name)).sort();
  return ['/etc/apt/sources.list', ...files.map((name) => `/etc/apt/sources.list.d/${name}`)];
}

function isDebianArchive(uri) {
  return /\/debian(\/|\.list)?$/.test(uri);
}

/** One-line style: `deb [options] uri suite component...`. */
export function mirrorInLines(text) {
  const uris = text.split('\n').map((line) => /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)/.exec(line)?.[1]);
  return uris.find((uri) => uri && isDebianArchive(uri));
}

/** deb822 style: stanzas of fields, one of which is `URIs: uri...`. */
export function mirrorInStanzas(text) {
  const stanzas = text.replace(/^#.*\n?/gm, '').split(/\n\s*\n/);
  const enabled = stanzas.filter((stanza) => !/^Enabled:\s*(no|false)\b/im.test(stanza));
  const uris = enabled.flatMap(
    (stanza) => /^URIs:((?:.*|\n[ \t]+)*)/im.exec(stanza)?.[1]?.trim().split(/\s+/) ?? [],
  );
  return uris.find(isDebianArchive);
}
