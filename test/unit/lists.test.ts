import assert from 'node:assert/strict';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Finding, PythonProcess } from '../../src/inject/types';
import {
  commandDetail,
  consumption,
  identity,
  isOwn,
  lacksOnlyRights,
  longDescription,
  offeredCommand,
  ordered,
  refusalText,
  rowDetail,
  shortDescription,
  shortLabel,
  withoutIcons,
} from '../../src/ui/describe';
import { memory, processorTime, span } from '../../src/common/units';
import { plant, shape, walk } from '../../src/inject/forest';
import { scriptOf } from '../../src/ui/script';

const NOW = 1_800_000_000_000;

function python(pid: number, facts: Partial<PythonProcess> = {}): PythonProcess {
  return {
    pid,
    parentPid: 0,
    label: `app${pid}.py`,
    version: '3.14.10',
    user: 'ada',
    uid: 1000,
    startedAt: NOW - 180_000,
    commandLine: ['/usr/bin/python3', `app${pid}.py`],
    attachable: true,
    findings: [],
    ...facts,
  };
}

describe('a row', () => {
  it('tells the age in its largest unit', () => {
    const ages = [5_000, 59_999, 60_000, 3_600_000, 86_400_000 * 3].map(span);
    assert.deepEqual(ages, ['5 s', '59 s', '1 min', '1 h', '3 d']);
    assert.equal(span(-1000), '0 s', 'a clock that was set back makes no negative age');
  });

  it('leaves out what is not known', () => {
    const bare = python(7, { user: '' });
    delete bare.version;
    assert.equal(longDescription(bare, NOW), '7 · 3 min');
    assert.equal(longDescription(python(7), NOW), '7 · Python 3.14.10 · ada · 3 min');
  });

  it('in the side bar keeps room for the process id', () => {
    assert.equal(shortLabel(python(7, { label: 'gunicorn shop:app' })), 'gunicorn shop:app');
    assert.equal(shortLabel(python(7, { label: 'x'.repeat(40) })), `${'x'.repeat(27)}…`);
  });

  it('of a young process does not change each second', () => {
    const young = python(7, { startedAt: NOW - 5000 });
    assert.equal(shortDescription(young, NOW), shortDescription(young, NOW + 9000));
    assert.equal(shortDescription(young, NOW), '7 · 3.14.10 · new');
  });

  it('lets a process draw no icons and write in no other direction', () => {
    const process = python(7, { commandLine: ['py', 'a', '$(check) $(sync~spin)'], cwd: '/\u202egpj' });
    assert.equal(rowDetail(process), "py a '\\$(check) \\$(sync~spin)'  —  /\\u202egpj");
    assert.equal(withoutIcons('echo $(ls /)'), 'echo $(ls /)');
  });

  it('offers the rights of an administrator only where nothing else is missing', () => {
    const refused = (...ids: string[]): PythonProcess => {
      const findings = ids.map((id): Finding => ({ id, severity: 'refusal', what: `${id}.` }));
      return python(7, { attachable: false, findings });
    };
    assert.equal(lacksOnlyRights(refused('no-permission')), true);
    for (const ids of [['no-permission', 'python-too-old'], ['debugging-locked'], ['not-python']]) {
      assert.equal(lacksOnlyRights(refused(...ids)), false, String(ids));
    }
    assert.equal(lacksOnlyRights(python(7)), false);
    assert.equal(refusalText(refused('no-permission', 'python-too-old')), 'no-permission. python-too-old.');
  });

  it('shows the command line as one would type it', () => {
    const process = python(7, { commandLine: ['/opt/bin/python3.14', '-c', "print('x y')"], cwd: '/srv' });
    assert.equal(commandDetail(process), "python3.14 -c 'print('\\''x y'\\'')'  —  /srv");
  });

  it('of a refused process says why and what to do, with the command to run', () => {
    const process = python(7, {
      attachable: false,
      findings: [
        { id: 'x', severity: 'note', what: 'A note.' },
        {
          id: 'no-permission',
          severity: 'refusal',
          what: 'No.',
          why: 'Because.',
          fix: 'Run "sudo x" first.',
        },
      ],
    });
    assert.equal(refusalText(process), 'No. Because. Run "sudo x" first.');
    assert.equal(offeredCommand(refusalText(process)), 'sudo x');
    assert.equal(offeredCommand('Let it go on with "fg" or "kill -CONT 7".'), 'kill -CONT 7');
    assert.equal(offeredCommand('Choose one from the list of Python processes.'), undefined);
  });

  it('tells of a container, and of what an attach may meet', () => {
    const warned = python(7, {
      container: 'docker 3f2a9c1b7d04',
      findings: [{ id: 'traced', severity: 'warning', what: 'It is traced by gdb (process 9).' }],
    });
    assert.equal(longDescription(warned, NOW), '7 · Python 3.14.10 · ada · 3 min · docker 3f2a9c1b7d04');
    assert.equal(shortDescription(warned, NOW), '7 · 3.14.10 · 3 min · docker 3f2a9c1b7d04');
    assert.equal(rowDetail(warned), '$(warning) It is traced by gdb (process 9).  —  python3 app7.py');
    assert.equal(rowDetail(python(7)), 'python3 app7.py');
    const note: Finding = { id: 'namespaces', severity: 'note', what: 'A note.' };
    assert.equal(rowDetail(python(7, { findings: [note] })), 'python3 app7.py');
    const refused = python(7, {
      attachable: false,
      findings: [{ ...note, severity: 'refusal', what: 'No.' }],
    });
    assert.equal(rowDetail(refused), '$(circle-slash) No.');
  });

  it('counts processor time and memory in fitting units', () => {
    const times = [0, 1234, 9999, 10_000, 90_000, 2 * 3_600_000].map(processorTime);
    assert.deepEqual(times, ['0.0 s', '1.2 s', '10.0 s', '10 s', '1 min', '2 h']);
    assert.deepEqual([1.4e6, 24.6e6, 999e6, 1.55e9].map(memory), ['1 MB', '25 MB', '999 MB', '1.6 GB']);
    assert.deepEqual(consumption(python(7)), {});
    assert.deepEqual(consumption(python(7, { cpuMs: 1500, memoryBytes: 2e6 })), {
      cpu: '1.5 s',
      memory: '2 MB',
    });
  });

  it('is own for root and for the user', () => {
    const me = userInfo();
    assert.equal(isOwn(python(1, { uid: me.uid, user: me.username })), true);
    assert.equal(isOwn(python(1, { uid: me.uid + 1, user: 'somebody else' })), me.uid === 0);
  });
});

describe('the order of a list', () => {
  it('is last used, newest, then those that cannot be attached', () => {
    const old = python(1, { startedAt: NOW - 9e6, cwd: '/a' });
    const young = python(2, { startedAt: NOW });
    const refused = python(3, { startedAt: NOW + 1, attachable: false });
    const pids = (last?: string): number[] => ordered([refused, old, young], last).map(({ pid }) => pid);
    assert.deepEqual(pids(), [2, 1, 3]);
    assert.deepEqual(pids(identity(old)), [1, 2, 3]);
  });
});

describe('the tree of processes', () => {
  it('nests workers under the process that started them, oldest first', () => {
    const processes = [
      python(20, { parentPid: 10, startedAt: NOW + 2 }),
      python(11, { parentPid: 10, startedAt: NOW + 1 }),
      python(10, { startedAt: NOW }),
      python(30, { parentPid: 20, startedAt: NOW + 3 }),
    ];
    const roots = plant(processes);
    assert.deepEqual(
      walk(roots).map((node) => node.process.pid),
      [10, 11, 20, 30],
    );
    assert.equal(roots.length, 1);
  });

  it('keeps rows in their place when a process is added', () => {
    const before = [python(3, { startedAt: NOW - 3 }), python(2, { startedAt: NOW - 2 })];
    const refused = python(1, { startedAt: NOW - 9, attachable: false });
    const pids = (list: PythonProcess[]): number[] => plant(list).map((node) => node.process.pid);
    assert.deepEqual(pids([refused, ...before]), [3, 2, 1]);
    assert.deepEqual(pids([python(8, { startedAt: NOW }), refused, ...before]), [3, 2, 8, 1]);
  });

  it('does not take a reused pid, or a process itself, for a parent', () => {
    const roots = plant([
      python(5, { parentPid: 9 }),
      python(9, { startedAt: NOW }),
      python(1, { parentPid: 1 }),
    ]);
    assert.equal(roots.length, 3);
  });

  it('has the same shape when only the contents of nodes differ', () => {
    const before = plant([python(1), python(2, { parentPid: 1, startedAt: NOW })]);
    const renamed = plant([python(1, { label: 'x' }), python(2, { parentPid: 1, startedAt: NOW })]);
    const moved = plant([python(1), python(2, { startedAt: NOW })]);
    assert.equal(shape(before), shape(renamed));
    assert.notEqual(shape(before), shape(moved));
  });
});

describe('the script of a process', () => {
  it('is found by its argument or by its module, from the folder of the process', async () => {
    const cwd = await mkdtemp(join(tmpdir(), 'pylatch-script-'));
    try {
      await mkdir(join(cwd, 'pkg'));
      await writeFile(join(cwd, 'main.py'), '');
      await writeFile(join(cwd, 'pkg', '__main__.py'), '');
      const found = (commandLine: string[]): Promise<string | undefined> =>
        scriptOf(python(1, { commandLine, cwd }));
      assert.equal(await found(['python3', '-u', 'main.py', '--port', '80']), join(cwd, 'main.py'));
      assert.equal(await found(['python3', '-m', 'pkg']), join(cwd, 'pkg', '__main__.py'));
      assert.equal(await found(['python3', 'gone.py']), undefined);
      assert.equal(await found(['python3']), undefined);
    } finally {
      await rm(cwd, { recursive: true });
    }
  });
});
