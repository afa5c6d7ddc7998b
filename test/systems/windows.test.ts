import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import * as esbuild from 'esbuild';
import type { PythonProcess } from '../../src/inject/types';
import { assertMatches } from '../support/matches';
import { buildStandIns, StandIn } from './standin';
import { koffiFor, whyNotWine, Wine, windowsPath } from './wine';
import type { Ran } from './wine';

const ROOT = join(__dirname, '..', '..');
const reason = whyNotWine();

describe('on Windows (under Wine)', { skip: reason ?? false }, () => {
  let wine: Wine;
  let folder: string;
  const running: StandIn[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'systems-'));
    const [opened] = await Promise.all([Wine.open(), buildStandIns(folder), buildCommands(folder)]);
    wine = opened;
  });
  afterEach(() => Promise.all(running.splice(0).map((one) => one.stop())));
  after(async () => {
    await wine?.close();
    await rm(folder, { recursive: true, force: true });
  });

  interface StartOptions {
    program?: string;
    mode?: string;
    args?: string[];
    env?: NodeJS.ProcessEnv;
    /** Name of the folder for temporary files. */
    temporary?: string;
  }

  async function start(options: StartOptions = {}): Promise<StandIn> {
    const { program = 'python.exe', mode = '', args = [], temporary = 'Temp', env = {} } = options;
    const home = await mkdtemp(join(folder, 'home-'));
    const [report, temp] = [join(home, 'report'), join(home, temporary)];
    await mkdir(temp);
    const child = wine.start(join(folder, program), mode === '' ? args : ['--standin', mode, ...args], {
      STANDIN_REPORT: windowsPath(report),
      STANDIN_TEMP: windowsPath(temp),
      ...env,
    });
    const started = new StandIn(child, report, temp);
    running.push(started);
    await started.waitFor('ready');
    return started;
  }

  function pylatch(...args: string[]): Promise<Ran> {
    return wine.runNode(join(folder, 'dist', 'cli.js'), args);
  }

  async function script(text: string): Promise<string> {
    const path = join(folder, 'script.py');
    await writeFile(path, text);
    return windowsPath(path);
  }

  async function listed({ pid }: { pid: string }): Promise<PythonProcess | undefined> {
    const { stdout, stderr } = await pylatch('ps', '--json');
    assert.equal(stderr, '');
    return (JSON.parse(stdout) as PythonProcess[]).find((one) => one.pid === Number(pid));
  }

  async function refusedExec(pid: string, expected: RegExp, ...options: string[]): Promise<void> {
    const { code, stderr } = await pylatch('exec', pid, await script('# refused\n'), ...options);
    assert.match(stderr, expected);
    assert.equal(code, 1);
  }

  test('a program with its Python in a library is listed', async () => {
    const target = await start({ args: ['shop app.py', 'a "quoted" word'] });
    const found = await listed(await target.numbers());
    assertMatches(found, {
      label: 'shop app.py',
      version: '3.15.2',
      uid: -1,
      executable: windowsPath(join(folder, 'python.exe')),
      commandLine: [windowsPath(join(folder, 'python.exe')), 'shop app.py', 'a "quoted" word'],
      cwd: windowsPath(process.cwd()),
      attachable: true,
      findings: [],
    });
    assert.match(found?.user ?? '', /\\/, 'the user with the domain');
    assert.ok(Math.abs((found?.startedAt ?? 0) - Date.now()) < 60_000, 'the start');
    assert.ok((found?.memoryBytes ?? 0) > 100_000, 'the memory');
  });

  test('a program with Python in itself is listed, whatever it is called', async () => {
    const target = await start({ program: 'server.exe' });
    assertMatches(await listed(await target.numbers()), { version: '3.15.2', attachable: true });
  });

  test('a program that cannot be attached to is listed with the reason', async () => {
    const off = await start({ env: { PYTHON_DISABLE_REMOTE_DEBUG: '1' } });
    const refused = await listed(await off.numbers());
    assert.deepEqual([refused?.attachable, refused?.findings[0]?.id], [false, 'remote-debug-disabled']);
    const old = await start({ program: 'old/python.exe' });
    const tooOld = await listed(await old.numbers());
    assert.deepEqual(
      [tooOld?.version, tooOld?.attachable, tooOld?.findings[0]?.id],
      ['3.11.9', false, 'python-too-old'],
    );
  });

  test('a script is run, and its folder is gone afterwards', async () => {
    const target = await start();
    const { pid, other } = await target.numbers();
    const { code, stdout, stderr } = await pylatch(
      'exec',
      pid,
      await script('# first line\n'),
      '--thread',
      other,
    );
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /has taken the script/);
    const [taken = '', ...more] = target.told('taken');
    assert.deepEqual(more, [], 'once');
    // The high bits of the word are the version of the instrumentation, which nobody may change.
    const place = windowsPath(target.temporary).replaceAll('\\', '\\\\');
    assert.match(
      taken,
      new RegExp(`^thread=${other} breaker=0x100 path=${place}\\\\pylatch-[0-9a-f]{16}\\\\script.py$`),
    );
    assert.deepEqual(target.told('script'), ['# first line']);
    assert.deepEqual([await target.left(), target.told('complaint')], [[], []]);
  });

  test('a script goes to the main thread', async () => {
    for (const mode of ['', 'embedded']) {
      const target = await start({ program: 'server.exe', mode });
      const { pid, main } = await target.numbers();
      const { code } = await pylatch('exec', pid, await script('# main\n'), '--thread', 'main');
      assert.equal(code, 0);
      assert.match(target.told('taken').join(), new RegExp(`^thread=${main} `));
    }
  });

  test('a folder with any name serves', async () => {
    const name = "Jörg's 日本 Temp";
    const target = await start({ temporary: name });
    const { pid, main } = await target.numbers();
    const { code } = await pylatch('exec', pid, await script('# grüße\n'), '--thread', main);
    assert.equal(code, 0);
    assert.ok(target.told('taken')[0]?.includes(`\\${name}\\pylatch-`));
    assert.deepEqual([target.told('script'), target.told('complaint')], [['# grüße'], []]);
    assert.match(JSON.stringify(await probe('attach', target)), /"connected"/);
  });

  async function probe(what: string, target: StandIn): Promise<unknown> {
    const { pid } = await target.numbers();
    const { code, stdout, stderr } = await wine.runNode(join(folder, 'dist', 'probe.js'), [what, pid]);
    assert.deepEqual([code, stderr], [0, '']);
    return JSON.parse(stdout);
  }

  test('a program whose files were renamed meanwhile is found by what is in memory', async () => {
    const moved = join(folder, 'moved');
    await mkdir(moved);
    const names = ['python.exe', 'python315.dll'];
    await Promise.all(names.map((name) => copyFile(join(folder, name), join(moved, name))));
    const target = await start({ program: 'moved/python.exe' });
    await Promise.all(names.map((name) => rename(join(moved, name), join(moved, `${name}.old`))));
    const { pid, main } = await target.numbers();
    const { code, stderr } = await pylatch('exec', pid, await script('# moved\n'), '--thread', main);
    assert.deepEqual([code, stderr, target.told('script')], [0, '', ['# moved']]);
  });

  test('an agent is reached by the port that it tells, and leaves with the connection', async () => {
    const target = await start();
    const { pid } = await target.numbers();
    assertMatches(await probe('attach', target), {
      welcome: { pid: Number(pid), python: '3.15.2' },
      phases: ['inspect', 'preflight', 'place', 'arm', 'wake', 'seen', 'connected'],
    });
    await target.waitFor('left');
    assert.equal(target.told('served').length, 1);
    assert.deepEqual([target.told('error'), await target.left()], [[], []]);
  });

  test('the folder lets in its user and the system only', async () => {
    const target = await start();
    const told = (await probe('place', target)) as Record<string, unknown>;
    assertMatches(told, { address: 'loopback', files: ['owner', 'script.py'], connected: false });
    assert.deepEqual([told['abandoned'], told['abandonedWhenGone']], [false, true]);
    const security = told['security'] as string[];
    // Wine keeps no inheritance: what the files in it have got there are the rights of this system.
    assert.match(security[0] ?? '', /^D:P?(\(A;OICI;FA;;;(SY|S-1-5-21-[-\d]+)\)){2}$/);
  });

  test('what a killed session has left is removed, what a living one needs is not', async () => {
    const target = await start();
    const { pid } = await target.numbers();
    const [dead, living] = ['pylatch-00000000deadbeef', 'pylatch-00000000deadbee0'];
    for (const [name, owner] of [
      [dead, '4294967 1\n'],
      [living, undefined],
    ] as const) {
      await mkdir(join(target.temporary, name));
      await writeFile(join(target.temporary, name, 'stub.py'), '');
      if (owner !== undefined) await writeFile(join(target.temporary, name, 'owner'), owner);
    }
    await pylatch('exec', pid, await script('# sweep\n'));
    assert.deepEqual(await target.left(), [living], 'one that is being made has no owner yet');
    assert.deepEqual(target.told('script'), ['# sweep'], 'two threads could run it, and one has');
  });

  test('a request that nobody takes is taken back', async () => {
    const target = await start({ mode: 'deaf' });
    const { pid, other } = await target.numbers();
    await refusedExec(
      pid,
      /did not come by within 0.5 s: thread \d+ .*taken back/,
      '--thread',
      other,
      '--timeout',
      '0.5',
    );
    await target.waitFor('ignored');
    assert.equal(await target.waitFor('withdrawn'), "path=''");
    assert.deepEqual(await target.left(), []);
  });

  test('a request that a killed session has left is taken back by the next one', async () => {
    const target = await start({ mode: 'deaf' });
    const { pid, other } = await target.numbers();
    const cli = windowsPath(join(folder, 'dist', 'cli.js'));
    const killed = wine.start(wine.node, [cli, 'exec', pid, await script('# killed\n'), '--thread', other]);
    await target.waitFor('ignored');
    killed.kill('SIGKILL');
    assert.equal((await target.left()).length, 1);
    // Wine takes a moment to note that a process is gone.
    await delay(500);
    await refusedExec(pid, /did not come by/, '--thread', 'main', '--timeout', '0.3');
    assert.deepEqual([target.told('withdrawn')[0], await target.left()], ["path=''", []]);
  });

  test('each refusal says what is wrong', async () => {
    const off = await start({ mode: 'off' });
    await refusedExec((await off.numbers()).pid, /was started with remote debugging switched off/);
    const starting = await start({ mode: 'starting' });
    await refusedExec((await starting.numbers()).pid, /has not started yet/);
    const old = await start({ program: 'old/python.exe' });
    await refusedExec((await old.numbers()).pid, /runs Python 3\.11\.9; Pylatch needs 3\.14 or newer/);
    await refusedExec('99999', /There is no process 99999/);
    await refusedExec('9999999999', /There is no process 9999999999/);
    const { main, other, pid } = await off.numbers();
    await refusedExec(other, new RegExp(`${other} is a thread of process ${pid}, not a process`));
    assert.notEqual(main, other);
  });

  test('another program does not run Python', async () => {
    const started = join(folder, 'node-pid');
    const text = `require('fs').writeFileSync(${JSON.stringify(windowsPath(started))}, String(process.pid));`;
    await writeFile(join(folder, 'wait.js'), `${text} setTimeout(() => {}, 60_000);`);
    const child = wine.start(wine.node, [windowsPath(join(folder, 'wait.js'))]);
    try {
      while (!existsSync(started) || readFileSync(started, 'utf8') === '') await delay(20);
      const pid = readFileSync(started, 'utf8');
      await refusedExec(pid, new RegExp(`Process ${pid} does not run Python`));
    } finally {
      child.kill('SIGKILL');
    }
  });

  test('doctor describes a process', async () => {
    const target = await start();
    const { pid, main, other } = await target.numbers();
    const { code, stdout } = await pylatch('doctor', pid, '--json');
    assert.equal(code, 0);
    assertMatches(JSON.parse(stdout), {
      process: { pid: Number(pid), attachable: true },
      python: { version: '3.15.2', freeThreaded: false, debugBuild: false },
      threads: [
        { nativeId: Number(main), main: true },
        { nativeId: Number(other), main: false },
      ],
    });
  });
});

/** What `npm run package` builds for Windows, and the probe beside it. */
async function buildCommands(folder: string): Promise<void> {
  const { build } = await import('../../scripts/build.mjs');
  const dist = join(folder, 'dist');
  await build({ outdir: dist, addon: await koffiFor('win32-x64') });
  await esbuild.build({
    entryPoints: [join(__dirname, 'probe.ts')],
    outfile: join(dist, 'probe.js'),
    bundle: true,
    platform: 'node',
    target: 'node20',
    external: ['@koromix/*'],
    alias: { koffi: join(ROOT, 'node_modules/koffi/index.cjs') },
  });
}
