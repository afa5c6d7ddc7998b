import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  darwinStatus,
  fileRegions,
  parseStart,
  startedAt,
  usage,
  workingFolder,
} from '../../src/inject/os/darwin-info';
import { BSD_INFO, filled, native, PID, pidInfo, regionBytes, STATUS } from '../support/darwin';

describe('what libproc tells', () => {
  test('the status of a process', () => {
    const calls = native({ info: pidInfo({ status: BSD_INFO }) });
    assert.deepEqual(darwinStatus(calls, PID), STATUS);
    assert.equal(startedAt(STATUS), 1_700_000_000_250);
    assert.equal(darwinStatus(calls, PID + 1), undefined);
  });

  test('the long name before the short one, and states', () => {
    for (const [number, state] of [
      [4, 'stopped'],
      [5, 'ended'],
      [3, 'alive'],
    ] as const) {
      const info = pidInfo({ status: { ...BSD_INFO, 4: number, 64: 'a name of its own' } });
      const status = darwinStatus(native({ info }), PID);
      assert.deepEqual([status?.state, status?.name], [state, 'a name of its own']);
    }
  });

  test('processor time in ticks of 125/3 nanoseconds, and memory', () => {
    const calls = native({ info: pidInfo({}), tickNs: () => 125 / 3 });
    assert.deepEqual(usage(calls, PID), { cpuMs: (4_000_000 * 125) / 3 / 1e6, memoryBytes: 5_000_000 });
  });

  test('the working folder', () => {
    assert.equal(workingFolder(native({ info: pidInfo({ cwd: '/Users/ä' }) }), PID), '/Users/ä');
    assert.equal(workingFolder(native({ info: pidInfo({}) }), PID), undefined);
  });

  test('pieces of files, each once', () => {
    const regions = [
      { start: 0x100000000, size: 0x4000, protection: 5, offset: 0, path: '/usr/local/bin/python3.14' },
      { start: 0x100004000, size: 0x4000, protection: 3, offset: 0x4000, path: '/usr/local/bin/python3.14' },
    ];
    const found = fileRegions(native({ info: pidInfo({ regions }) }), PID);
    assert.deepEqual(
      found.map(({ start, end, writable, executable, offset }) => [start, end, writable, executable, offset]),
      [
        [0x100000000, 0x100004000, false, true, 0],
        [0x100004000, 0x100008000, true, false, 0x4000],
      ],
    );
  });

  test('regions that do not go forward end the walk', () => {
    const info = () => regionBytes({ start: 0, size: 0, protection: 5, offset: 0, path: '/x' });
    assert.deepEqual(fileRegions(native({ info }), PID), []);
  });
});

describe('KERN_PROCARGS2', () => {
  const bytes = (count: number, text: string): Buffer =>
    Buffer.concat([filled(4, { 0: count }), Buffer.from(text)]);

  test('arguments, empty ones too, and the environment up to its end', () => {
    const text = '/opt/py/bin/python3.14\0\0\0\0python\0-c\0\0PATH=/bin\0A=b=c\0\0ptr_munge=\0';
    assert.deepEqual(parseStart(bytes(3, text)), {
      executable: '/opt/py/bin/python3.14',
      commandLine: ['python', '-c', ''],
      environment: new Map([
        ['PATH', '/bin'],
        ['A', 'b=c'],
      ]),
    });
  });

  test('without the environment, which the system may keep to itself', () => {
    const start = parseStart(bytes(2, '/usr/bin/python3\0\0python3\0x.py\0'));
    assert.deepEqual([start?.commandLine, start?.environment.size], [['python3', 'x.py'], 0]);
  });

  test('any bytes are answered without an exception', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => void parseStart(Buffer.from(noise))));
  });
});
