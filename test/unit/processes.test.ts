import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, describe, test } from 'node:test';
import { parsePythonCommand, processLabel } from '../../src/inject/label';
import { listPythonProcesses } from '../../src/inject/processes';
import type { PythonProcess } from '../../src/inject/types';
import { interpreters, startTarget } from '../support/targets';
import type { Target, TargetOptions } from '../support/targets';

const WAIT = "import time\nprint('ready')\ntime.sleep(1000)\n";

function label(...argv: string[]): string {
  const command = /python/.test(argv[0] ?? '') ? parsePythonCommand(argv) : undefined;
  return processLabel({ pid: 7, commandLine: argv }, command);
}

test('labels are what a person would say', () => {
  const python = '/usr/bin/python3.14';
  assert.equal(label(python, '/srv/shop/app.py', '--debug'), 'app.py');
  assert.equal(label(python, '-u', '-X', 'dev', '-W', 'error', '-Xutf8', 'app.py'), 'app.py');
  assert.equal(label(python, 'manage.py', 'runserver', '8000'), 'manage.py runserver');
  assert.equal(label(python, '-m', 'http.server', '8000'), '-m http.server 8000');
  assert.equal(label(python, '-Im', 'http.server'), '-m http.server');
  assert.equal(label(python, '/venv/bin/gunicorn', '-w', '4', 'shop.web:app'), 'gunicorn shop.web:app');
  assert.equal(label(python, '/venv/bin/uvicorn', '--port', '80', 'main:app'), 'uvicorn main:app');
  assert.equal(label(python, '/venv/bin/pytest', 'tests/test_a.py', '-x'), 'pytest tests/test_a.py');
  assert.equal(label(python, '/srv/tool/__main__.py', 'x'), 'tool');
  assert.equal(label(python, '-c', '\n  import time\n  time.sleep(1)'), 'python3.14 -c import time');
  assert.equal(label(python, '-'), 'python3.14 (from stdin)');
  assert.equal(label(python), 'python3.14');
  assert.equal(
    label(
      python,
      '-c',
      'from multiprocessing.spawn import spawn_main; spawn_main()',
      '--multiprocessing-fork',
    ),
    'multiprocessing worker',
  );
  assert.equal(
    label(python, '-c', 'from multiprocessing.resource_tracker import main;main(5)'),
    'multiprocessing resource tracker',
  );
  assert.equal(label('gunicorn: worker [shop]'), 'gunicorn: worker [shop]');
  assert.equal(label('/usr/bin/uwsgi', '--ini', 'shop.ini', 'main'), 'uwsgi main');
  assert.equal(label(''), 'process 7');
  assert.equal(label(python, '-c', 'x'.repeat(500)).length, 120);
});

test('the switch against remote debugging is seen only where Python sees it', () => {
  assert.equal(parsePythonCommand(['python', '-X', 'disable-remote-debug', 'a.py']).switchedOff, true);
  assert.equal(parsePythonCommand(['python', '-Xdisable-remote-debug']).switchedOff, true);
  assert.equal(parsePythonCommand(['python', 'a.py', '-X', 'disable-remote-debug']).switchedOff, false);
  assert.equal(parsePythonCommand(['python', '-X', 'disable_remote_debug', 'a.py']).switchedOff, false);
  assert.equal(parsePythonCommand(['python', '-sI', 'a.py']).ignoresEnvironment, true);
});

describe('listing', async () => {
  const targets: Target[] = [];
  after(() => Promise.all(targets.map((target) => target.stop())));

  const start = async (options: Omit<TargetOptions, 'source'>): Promise<Target> => {
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
      assert.ok(Math.abs(Date.now() - found.startedAt) < 60_000, 'it started within the last minute');
      assert.deepEqual([found.attachable, found.findings], [true, []]);
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
