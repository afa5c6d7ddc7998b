import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { attachArguments } from '../../src/adapter/arguments';
import { findProcess } from '../../src/adapter/processes';
import { openLog } from '../../src/adapter/trace';
import { PylatchError } from '../../src/common/errors';
import { fileLog } from '../../src/common/log';
import type { PythonProcess } from '../../src/inject/types';

function refusal(action: () => unknown): PylatchError {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof PylatchError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: 'it was accepted' });
}

describe('attach arguments', () => {
  it('have defaults', () => {
    assert.deepEqual(attachArguments({ pid: 5 }), {
      pid: 5,
      thread: 'any',
      stopOnEntry: false,
      pathMappings: [],
      timeoutMs: 20_000,
      elevation: 'none',
      subProcess: false,
      redirectOutput: false,
      logFile: undefined,
      config: { justMyCode: true, stopThreads: 'all', showReturnValue: false },
    });
  });

  it('name the process by number, numeric text or name, and by processId too', () => {
    const given = [{ pid: '71' }, { processId: 71 }, { processId: ' 71 ' }, { pid: 71, processId: 8 }];
    assert.deepEqual(
      given.map((args) => attachArguments(args).pid),
      [71, 71, 71, 71],
    );
    assert.equal(attachArguments({ pid: 'gunicorn*' }).pid, 'gunicorn*');
  });

  const wrong: [object | undefined, RegExp][] = [
    [undefined, /arguments of the attach request must be an object, not nothing/],
    [{}, /^"pid" must be a process id, or the name of a process, but nothing was given/],
    [{ pid: '' }, /"pid" .* "" was given/],
    [{ pid: 0 }, /"pid" .* 0 was given/],
    [{ pid: 1.5 }, /"pid" .* 1.5 was given/],
    [{ pid: '99999999999' }, /"pid"/],
    [{ processId: {} }, /"processId" .* \{\} was given/],
    [
      { pid: 1, thread: 'second' },
      /"thread" must be "any", "main" or a native thread id, but "second" was given/,
    ],
    [{ pid: 1, thread: -3 }, /"thread"/],
    [{ pid: 1, stopOnEntry: 'yes' }, /"stopOnEntry" must be true or false, but "yes" was given/],
    [{ pid: 1, justMyCode: 1 }, /"justMyCode"/],
    [{ pid: 1, timeout: 0 }, /"timeout" must be a number of seconds above 0, but 0 was given/],
    [{ pid: 1, timeout: '5' }, /"timeout"/],
    [{ pid: 1, stopThreads: 'some' }, /"stopThreads" must be "all" or "one"/],
    [{ pid: 1, pathMappings: {} }, /"pathMappings" must be a list/],
    [{ pid: 1, pathMappings: ['/a'] }, /"pathMappings\[0\]" must be an object/],
    [{ pid: 1, pathMappings: [{ localRoot: '/a' }] }, /"remoteRoot" must be a text, but nothing was given/],
    [{ pid: 1, logFile: 7 }, /"logFile"/],
    [{ pid: 1, subProcess: [] }, /"subProcess"/],
    [{ pid: 1, redirectOutput: 'no' }, /"redirectOutput"/],
    [{ pid: 1, showReturnValue: 0 }, /"showReturnValue"/],
  ];
  for (const [args, text] of wrong) {
    it(`refuse ${JSON.stringify(args)}`, () => {
      const error = refusal(() => attachArguments(args));
      assert.equal(error.id, 'bad-arguments');
      assert.match(error.text, text);
      assert.ok(error.fix);
    });
  }

  it('are accepted or refused, whatever they are', () => {
    const value = fc.anything();
    const args = fc.record(
      { pid: value, thread: value, timeout: value, pathMappings: value },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(args, (given) => {
        try {
          attachArguments(JSON.parse(JSON.stringify(given)));
        } catch (error) {
          assert.equal((error as PylatchError).id, 'bad-arguments');
        }
      }),
    );
  });
});

describe('the log file', () => {
  it('is begun at once', () => {
    const folder = mkdtempSync(join(tmpdir(), 'log-'));
    openLog(join(folder, 'a.log'), fileLog);
    assert.match(readFileSync(join(folder, 'a.log'), 'utf8'), /dap: /);
    rmSync(folder, { recursive: true });
  });

  it('that fails later ends without a word', () => {
    const folder = mkdtempSync(join(tmpdir(), 'log-'));
    const log = openLog(join(folder, 'a.log'), fileLog);
    rmSync(folder, { recursive: true });
    assert.doesNotThrow(() => log.write('dap', 'text'));
  });

  it('that cannot be written is a wrong argument', () => {
    const error = refusal(() => openLog('/no/such/folder/a.log', fileLog));
    assert.equal(error.id, 'bad-arguments');
    assert.match(error.text, /"logFile" cannot be written/);
  });
});

describe('a process given by name', () => {
  const processes = [
    [10, 'server.py', 'python3.14 /srv/server.py'],
    [11, 'server.py-worker', 'python3.14 /srv/worker.py --of server.py'],
    [12, '-m celery', 'python3.14 -m celery worker'],
  ].map(([pid, label, line]) => ({ pid, label, commandLine: String(line).split(' ') }) as PythonProcess);

  it('is the one whose label is exactly that', () => {
    assert.equal(findProcess('server.py', processes), 10);
  });

  it('is else the only one that contains it', () => {
    assert.equal(findProcess('celery', processes), 12);
    assert.equal(findProcess('worker.py', processes), 11);
  });

  it('is the only one that a pattern fits', () => {
    assert.equal(findProcess('*-m celery*', processes), 12);
    assert.equal(findProcess('-m c?lery', processes), 12);
  });

  it('is refused when none fits', () => {
    assert.equal(refusal(() => findProcess('(nothing', processes)).id, 'no-such-process');
    assert.equal(refusal(() => findProcess('server', [])).id, 'no-such-process');
  });

  it('is refused with the list when several fit', () => {
    const error = refusal(() => findProcess('server', processes));
    assert.equal(error.id, 'ambiguous-process');
    assert.match(error.text, /10 \(server\.py\), 11 \(server\.py-worker\)/);
  });
});
