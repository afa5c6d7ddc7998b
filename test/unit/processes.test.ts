import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { nameFamilies } from '../../src/inject/family';
import { parsePythonCommand, processLabel, pythonCommand } from '../../src/inject/label';
import { listPythonProcesses, toMember } from '../../src/inject/processes';
import type { PythonProcess } from '../../src/inject/types';
import { interpreters, startTarget } from '../support/targets';
import type { Target, TargetOptions } from '../support/targets';

/** A pool of two workers, which ends with a line on its standard input. */
const POOL = `
import multiprocessing, sys, time
def work(_):
    time.sleep(0.05)
if __name__ == '__main__':
    with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
        pool.map(work, range(4), 1)
        print('ready')
        sys.stdin.readline()
`;
const WAIT = "import time\nprint('ready')\ntime.sleep(1000)\n";

function label(...argv: string[]): string {
  const labelled = { pid: 7, commandLine: argv };
  return processLabel(labelled, pythonCommand(labelled));
}

const PYTHON = '/usr/bin/python3.14';
const NAMES: [label: string, argv: string[]][] = [
  ['app.py', [PYTHON, '/srv/shop/app.py', '--debug']],
  ['app.py', [PYTHON, '-u', '-X', 'dev', '-W', 'error', '-Xutf8', 'app.py']],
  ['app.pyz', [PYTHON, '-I', '/opt/app.pyz', 'x']],
  ['tool', [PYTHON, '/srv/tool/__main__.py', 'x']],
  ['uvicorn main:app', [PYTHON, '/venv/lib/uvicorn/__main__.py', 'main:app']],
  ['-m http.server 8000', [PYTHON, '-m', 'http.server', '8000']],
  ['-m http.server', [PYTHON, '-Im', 'http.server']],
  ['python3.14 -c import time', [PYTHON, '-c', '\n  import time\n  time.sleep(1)']],
  ['python3.14 (from stdin)', [PYTHON, '-']],
  ['python3.14', [PYTHON]],
  ['gunicorn shop.web:app', [PYTHON, '/venv/bin/gunicorn', '-w', '4', 'shop.web:app']],
  ['gunicorn: worker [shop]', ['gunicorn: worker [shop]']],
  ['uvicorn main:app', [PYTHON, '/venv/bin/uvicorn', '--port', '80', 'main:app']],
  ['uvicorn main:app', [PYTHON, '-m', 'uvicorn', '--reload', 'main:app']],
  ['hypercorn shop:create()', [PYTHON, '-m', 'hypercorn', 'shop:create()']],
  ['flask run', [PYTHON, '/venv/bin/flask', '--app', 'shop', 'run', '--debug']],
  ['flask run', [PYTHON, '-m', 'flask', '--debug', 'run']],
  ['fastapi dev main.py', [PYTHON, '/venv/bin/fastapi', 'dev', '/srv/main.py']],
  ['streamlit run page.py', [PYTHON, '/venv/bin/streamlit', 'run', '/srv/page.py', '--server.port', '80']],
  ['manage.py runserver', [PYTHON, 'manage.py', 'runserver', '8000']],
  ['pytest tests/test_a.py', [PYTHON, '/venv/bin/pytest', 'tests/test_a.py', '-x']],
  ['pytest tests', [PYTHON, '-m', 'pytest', '-xvs', '-k', 'not slow', 'tests']],
  ['celery -A shop worker', [PYTHON, '/venv/bin/celery', '-A', 'shop', 'worker', '-l', 'info']],
  ['airflow dags list', [PYTHON, '/venv/bin/airflow', 'dags', 'list']],
  ['airflow scheduler', [PYTHON, '/venv/bin/airflow', 'scheduler']],
  ['supervisord', [PYTHON, '/usr/bin/supervisord', '-c', '/etc/supervisord.conf']],
  ['jupyter lab', [PYTHON, '/venv/bin/jupyter-lab', '--port', '8888']],
  ['jupyter notebook', [PYTHON, '-m', 'jupyter', 'notebook']],
  ['Jupyter kernel', [PYTHON, '-m', 'ipykernel_launcher', '-f', '/tmp/kernel-1.json']],
  ['ray::IDLE', ['ray::IDLE']],
  ['multiprocessing worker', [PYTHON, '-c', 'from multiprocessing.spawn import spawn_main; spawn_main()']],
  [
    'multiprocessing resource tracker',
    [PYTHON, '-c', 'from multiprocessing.resource_tracker import main;main(5)'],
  ],
  ['execnet worker', [PYTHON, '-u', '-c', 'import sys;exec(eval(sys.stdin.readline()))']],
  ['loky worker', [PYTHON, '-m', 'joblib.externals.loky.backend.popen_loky_posix', '--pipe', '3']],
  // Under another name, an interpreter is known by what it was given; all other words of programs stay theirs.
  ['shopd app.py', ['/opt/shop/shopd', '-u', '/srv/shop/app.py']],
  ['shopd -m shop.worker', ['shopd', '-m', 'shop.worker']],
  ['app.py', ['/lib64/ld-linux-x86-64.so.2', '--library-path', '/x', '/usr/bin/python3.14', 'app.py']],
  ['uwsgi main', ['/usr/bin/uwsgi', '--ini', 'shop.ini', 'main']],
  ['postgres', ['postgres', '-c', 'config_file=/etc/postgresql.conf']],
  ['process 7', ['']],
  ['process 7', []],
];

for (const [expected, argv] of NAMES) {
  test(`"${argv.join(' ').replace(/\s+/g, ' ')}" is called ${expected}`, () =>
    assert.equal(label(...argv), expected));
}

test('a label is no longer than a list can show', () =>
  assert.equal(label(PYTHON, '-c', 'x'.repeat(500)).length, 120));

test('a kernel is called after the notebook that it serves', () => {
  const kernel = {
    pid: 7,
    commandLine: [PYTHON, '-m', 'ipykernel_launcher', '-f', '/tmp/kernel-1.json'],
    notebook: '/srv/sales/report.ipynb',
  };
  assert.equal(processLabel(kernel, pythonCommand(kernel)), 'notebook report.ipynb');
});

test('the switch against remote debugging is seen only where Python sees it', () => {
  assert.equal(parsePythonCommand(['python', '-X', 'disable-remote-debug', 'a.py']).switchedOff, true);
  assert.equal(parsePythonCommand(['python', '-Xdisable-remote-debug']).switchedOff, true);
  assert.equal(parsePythonCommand(['python', 'a.py', '-X', 'disable-remote-debug']).switchedOff, false);
  assert.equal(parsePythonCommand(['python', '-X', 'disable_remote_debug', 'a.py']).switchedOff, false);
  assert.equal(parsePythonCommand(['python', '-sI', 'a.py']).ignoresEnvironment, true);
});

/** What each member of a family is called; the first is the program itself, the others its children or theirs. */
function names(family: { pid: number; parentPid: number; commandLine: string[] }[]): string[] {
  const entries = family.map((one) => ({
    ...one,
    uid: 0,
    user: 'root',
    startedAt: one.pid,
    suspended: false,
    switchedOff: false,
    findings: [],
  }));
  return nameFamilies(entries.map(toMember)).map((one) => one.label);
}

test('those who work for a program are called after it', () => {
  const app = [PYTHON, 'app.py'];
  const server = [PYTHON, '-c', 'import sys; from multiprocessing.forkserver import main; main(3)'];
  assert.deepEqual(
    names([
      { pid: 10, parentPid: 1, commandLine: app },
      { pid: 11, parentPid: 10, commandLine: app },
      { pid: 12, parentPid: 11, commandLine: app },
      { pid: 13, parentPid: 12, commandLine: server },
      { pid: 14, parentPid: 13, commandLine: server },
      { pid: 15, parentPid: 10, commandLine: [PYTHON, 'other.py'] },
      { pid: 16, parentPid: 99, commandLine: server },
    ]),
    [
      'app.py',
      'child of app.py',
      'child of app.py',
      'multiprocessing forkserver of app.py',
      'multiprocessing worker of app.py',
      'other.py',
      'multiprocessing forkserver',
    ],
  );
});

test('numbers that were used again make no circle, and hidden command lines no family', () => {
  const app = [PYTHON, 'app.py'];
  const circle = [
    { pid: 10, parentPid: 11, commandLine: app },
    { pid: 11, parentPid: 10, commandLine: app },
  ];
  assert.deepEqual(names(circle), ['app.py', 'child of app.py']);
  const hidden = [
    { pid: 10, parentPid: 1, commandLine: [] },
    { pid: 11, parentPid: 10, commandLine: [] },
  ];
  assert.deepEqual(names(hidden), ['process 10', 'process 11']);
});

/** Where a copy of an interpreter finds its standard library. */
function home(python: string): NodeJS.ProcessEnv {
  return { PYTHONHOME: dirname(dirname(realpathSync(python))) };
}

describe('listing', async () => {
  const targets: Target[] = [];
  after(() => Promise.all(targets.map((target) => target.stop())));

  const start = async (options: Omit<TargetOptions, 'source'> & { source?: string }): Promise<Target> => {
    const target = await startTarget({ source: WAIT, ...options });
    targets.push(target);
    await target.waitFor('ready');
    return target;
  };
  const find = async (target: Target): Promise<PythonProcess> => {
    const found = (await listPythonProcesses()).find((one) => one.pid === target.pid);
    assert.ok(found, 'the target is listed');
    return found;
  };

  for (const { version, path: python } of await interpreters()) {
    test(`a target of ${version} is listed with all that is known of it`, async () => {
      const target = await start({ python, name: 'shop.py', args: ['--port', '1'], cwd: '/tmp' });
      const found = await find(target);
      assert.equal(found.label, 'shop.py');
      assert.ok(found.version?.startsWith(`${version}.`), found.version);
      assert.equal(found.uid, process.getuid?.());
      assert.equal(found.parentPid, process.pid);
      assert.equal(found.cwd, '/tmp');
      assert.ok(found.memoryBytes! > 1e6 && found.memoryBytes! < 1e9, `${found.memoryBytes} bytes`);
      assert.ok(found.cpuMs! >= 0 && found.cpuMs! < 60_000, `${found.cpuMs} ms`);
      assert.equal(found.container, undefined, 'it runs where we run');
      assert.ok(Math.abs(Date.now() - found.startedAt) < 60_000, 'it started within the last minute');
      assert.deepEqual([found.attachable, found.findings], [true, []]);
    });

    test(`the workers of a pool of ${version} are called after their program, as its children`, async () => {
      for (const method of ['fork', 'spawn', 'forkserver']) {
        const pool = await start({ python, name: 'pool.py', source: POOL, args: [method] });
        const list = await listPythonProcesses();
        const family = [pool.pid];
        for (const pid of family) family.push(...list.filter((o) => o.parentPid === pid).map((o) => o.pid));
        const labels = list.filter(({ pid }) => family.includes(pid)).map((one) => one.label);
        const worker = method === 'fork' ? 'child of pool.py' : 'multiprocessing worker of pool.py';
        assert.equal(labels.filter((one) => one === worker).length, 2, labels.join('; '));
        assert.equal(labels.filter((one) => one === 'pool.py').length, 1, labels.join('; '));
        pool.write('\n');
        await pool.waitForExit();
      }
    });

    test(`a renamed interpreter of ${version} is called after its script`, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'renamed-'));
      await copyFile(python, join(folder, 'shopd'));
      try {
        const found = await find(
          await start({ python: join(folder, 'shopd'), name: 'shop.py', env: home(python) }),
        );
        assert.deepEqual([found.label, found.version?.startsWith(version)], ['shopd shop.py', true]);
      } finally {
        await rm(folder, { recursive: true });
      }
    });

    test(`a suspended target of ${version} is listed as such`, async () => {
      const target = await start({ python });
      process.kill(target.pid, 'SIGSTOP');
      const stopped = (): boolean => /^State:\tT/m.test(readFileSync(`/proc/${target.pid}/status`, 'latin1'));
      while (!stopped()) await delay(1);
      const found = await find(target);
      assert.deepEqual([found.attachable, found.findings[0]?.id], [false, 'interpreter-not-ready']);
    });

    test(`a target of ${version} with remote debugging off is listed as such`, async () => {
      const byOption = await find(await start({ python, pythonArgs: ['-X', 'disable-remote-debug'] }));
      assert.deepEqual([byOption.attachable, byOption.findings[0]?.id], [false, 'remote-debug-disabled']);
      const off = { PYTHON_DISABLE_REMOTE_DEBUG: '0' };
      const byVariable = await find(await start({ python, env: off }));
      assert.deepEqual([byVariable.attachable, byVariable.findings[0]?.id], [false, 'remote-debug-disabled']);
      const ignored = await find(await start({ python, env: off, pythonArgs: ['-E'] }));
      assert.equal(ignored.attachable, true);
    });
  }

  test('processes that come and go while the list is made are no error', async () => {
    const [first] = await interpreters();
    const churn = spawn('sh', ['-c', 'while :; do "$0" -S -c pass & "$0" -S -c pass; done', first!.path], {
      detached: true,
      stdio: 'ignore',
    });
    try {
      let passing = 0;
      for (let round = 0; round < 40; round++) {
        const list = await listPythonProcesses();
        passing += list.filter((one) => one.label.endsWith('-c pass')).length;
        const halves = list.filter((one) => one.label.startsWith('process '));
        assert.deepEqual(halves, [], 'none is listed without what it runs');
        if (process.getuid?.() === 0) assert.doesNotMatch(JSON.stringify(list), /no-permission/);
      }
      assert.ok(passing > 0, 'some of them were met');
    } finally {
      process.kill(-churn.pid!, 'SIGKILL');
    }
  });

  test('the newest come first, and those that cannot be attached to last', async () => {
    const list = await listPythonProcesses();
    const keys = list.map((one) => [one.attachable ? 0 : 1, -one.startedAt] as const);
    assert.deepEqual(
      keys,
      [...keys].sort(([a, b], [c, d]) => a - c || b - d),
    );
  });

  test('other programs and this process itself are not listed', async () => {
    const child = spawn('sleep', ['1000']);
    const pids = (await listPythonProcesses()).map((one) => one.pid);
    child.kill();
    assert.equal(pids.includes(child.pid ?? 0), false);
    assert.equal(pids.includes(process.pid), false);
  });
});
