import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ARM64, TaskThreads, X64 } from '../../src/inject/os/darwin-threads';
import { native } from '../support/darwin';

interface FakeThread {
  id: number;
  state: number;
  /** Number of the call that it is in. */
  call?: number;
  suspended?: number;
  name?: string;
}

/** A task of some threads; notes what is done to it. */
class FakeTask {
  readonly done: string[] = [];
  readonly held = new Set<number>();

  constructor(
    readonly threads: FakeThread[],
    private readonly refusesHold = false,
  ) {}

  readonly native = native({
    threads: () =>
      this.threads.map(({ id }) => {
        this.held.add(id + 1000);
        return id + 1000;
      }),
    release: (port) => void this.held.delete(port),
    threadInfo: (port, flavor, into) => {
      const thread = this.threads.find(({ id }) => id + 1000 === port);
      if (thread === undefined) return false;
      if (flavor === 4) into.writeBigUInt64LE(BigInt(thread.id), 0);
      else if (flavor === 5) into.write(thread.name ?? '', 48);
      else {
        into.writeInt32LE(thread.state, 24);
        into.writeInt32LE(thread.suspended ?? 0, 32);
      }
      return true;
    },
    registers: (port, flavor, into) => {
      const { call = 0 } = this.threads.find(({ id }) => id + 1000 === port)!;
      if (flavor === ARM64.flavor) into.writeBigInt64LE(BigInt(call), ARM64.call);
      else into.writeBigInt64LE(BigInt(call < 0 ? 0x1000000 - call : 0x2000000 + call), X64.call);
      return true;
    },
    suspend: () => {
      if (this.refusesHold) return { errno: 5 };
      this.done.push('suspend');
      return { value: 99 };
    },
    resume: () => void this.done.push('resume'),
    abort: (port) => this.done.push(`abort ${port - 1000}`) > 0,
  });
}

const [RUNNING, STOPPED, WAITING, STUCK] = [1, 2, 3, 4];

describe('threads', () => {
  for (const [name, machine] of [
    ['arm64', ARM64],
    ['x86-64', X64],
  ] as const) {
    test(`what each does, on ${name}`, () => {
      const task = new FakeTask([
        { id: 1, state: RUNNING },
        { id: 2, state: WAITING, call: 363 },
        { id: 3, state: WAITING, call: 305 },
        { id: 4, state: WAITING, call: 334 },
        { id: 5, state: WAITING, call: -31 },
        { id: 6, state: WAITING, call: 499 },
        { id: 7, state: STUCK, call: 3 },
        { id: 8, state: STOPPED },
        { id: 9, state: WAITING, call: 3, suspended: 1 },
        { id: 11, state: RUNNING, name: 'pylatch-ending' },
      ]);
      const threads = new TaskThreads(task.native, 5, machine);
      assert.deepEqual(
        task.threads.map(({ id }) => threads.activity(id)?.kind),
        [
          'running',
          'waiting',
          'lock',
          'delicate',
          'delicate',
          'delicate',
          'stuck',
          'stopped',
          'stopped',
          undefined,
        ],
      );
      assert.equal(threads.activity(2)?.what, 'waits in kevent');
      assert.equal(threads.activity(4)?.effect, 'its sleep may end early');
      assert.equal(threads.activity(6)?.what, 'waits in system call 499');
      assert.equal(threads.activity(10), undefined);
      threads.close();
      assert.equal(task.held.size, 0, 'all ports are given back');
    });
  }

  test('in a translated process no registers are trusted', () => {
    const task = new FakeTask([{ id: 2, state: WAITING, call: 3 }]);
    assert.equal(new TaskThreads(task.native, 5, undefined).activity(2)?.kind, 'delicate');
  });

  test('a wait ends while the task is held, and the hold always ends', () => {
    const task = new FakeTask([{ id: 2, state: WAITING, call: 3 }]);
    const threads = new TaskThreads(task.native, 5, ARM64);
    assert.equal(
      threads.interrupt(2, () => task.done.push('armed')),
      'interrupted',
    );
    assert.deepEqual(task.done, ['suspend', 'armed', 'abort 2', 'resume']);
    assert.throws(() =>
      threads.interrupt(2, () => {
        throw new Error('gone');
      }),
    );
    assert.deepEqual(task.done.slice(4), ['suspend', 'resume']);
  });

  test('a thread that has left its wait is not disturbed', () => {
    const task = new FakeTask([{ id: 2, state: WAITING, call: 3 }]);
    const threads = new TaskThreads(task.native, 5, ARM64);
    const leave = () => {
      task.threads[0]!.state = RUNNING;
    };
    assert.equal(threads.interrupt(2, leave), 'not-waiting');
    assert.deepEqual(task.done, ['suspend', 'resume']);
  });

  test('without the right, or the thread, nothing is touched', () => {
    const task = new FakeTask([{ id: 2, state: WAITING, call: 3 }], true);
    const threads = new TaskThreads(task.native, 5, ARM64);
    const never = () => assert.fail('it was not stopped');
    assert.deepEqual([threads.interrupt(2, never), threads.interrupt(3, never)], ['refused', 'refused']);
    assert.deepEqual(task.done, []);
  });

  test('threads that have come since, and names', () => {
    const task = new FakeTask([{ id: 2, state: RUNNING, name: 'worker' }]);
    const threads = new TaskThreads(task.native, 5, ARM64);
    assert.equal(threads.activity(2)?.kind, 'running');
    task.threads.push({ id: 3, state: STOPPED });
    assert.equal(threads.activity(3)?.kind, 'stopped');
    task.threads.shift();
    assert.equal(threads.activity(2), undefined);
    task.threads.push({ id: 7, state: RUNNING, name: 'Thread-1 (work)' });
    assert.deepEqual(
      threads.facts(),
      new Map([
        [3, {}],
        [7, { name: 'Thread-1 (work)' }],
      ]),
    );
  });
});
