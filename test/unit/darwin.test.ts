import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { programFile } from '../../src/inject/image/index';
import { darwinOs } from '../../src/inject/os/darwin';
import { accessRefusal } from '../../src/inject/os/darwin-access';
import {
  darwinStatus,
  fileRegions,
  parseStart,
  startedAt,
  usage,
  workingFolder,
} from '../../src/inject/os/darwin-info';
import type { DarwinNative } from '../../src/inject/os/darwin-native';
import { ARM64, TaskThreads, X64 } from '../../src/inject/os/darwin-threads';
import type { ProcessStatus } from '../../src/inject/os/types';
import { SIZE, universalFile } from '../support/macho';

const PID = 4711;
const USER = process.geteuid!();

/** What no test asks for is an error. */
function native(parts: Partial<DarwinNative>): DarwinNative {
  return new Proxy(parts as DarwinNative, {
    get: (_, name: keyof DarwinNative) => {
      const part = parts[name];
      if (part === undefined) throw new Error(`${name} is not made`);
      return part;
    },
  });
}

/** Fields by their offsets: a text, a 32-bit word, or a 64-bit one as a bigint. */
function filled(size: number, fields: Record<number, number | bigint | string>): Buffer {
  const bytes = Buffer.alloc(size);
  for (const [at, value] of Object.entries(fields)) {
    if (typeof value === 'string') bytes.write(value, Number(at), 'utf8');
    else if (typeof value === 'bigint') bytes.writeBigUInt64LE(value, Number(at));
    else bytes.writeUInt32LE(value, Number(at));
  }
  return bytes;
}

interface Region {
  start: number;
  size: number;
  protection: number;
  offset: number;
  path: string;
}

function regionBytes({ start, size, protection, offset, path: file }: Region): Buffer {
  const numbers = { 0: protection, 16: BigInt(offset), 80: BigInt(start), 88: BigInt(size) };
  return filled(1272, { ...numbers, 248: file });
}

interface Described {
  status?: Record<number, number | bigint | string>;
  regions?: Region[];
  cwd?: string;
}

/** `proc_pidinfo` of one process. */
function pidInfo({ status, regions = [], cwd }: Described): DarwinNative['info'] {
  return (pid, flavor, argument, size) => {
    const answers: Record<number, () => Buffer | undefined> = {
      3: () => (status ? filled(136, status) : undefined),
      4: () => filled(96, { 8: 5_000_000n, 16: 3_000_000n, 24: 1_000_000n }),
      9: () => filled(2352, { 152: cwd ?? '' }),
      22: () => {
        const next = regions.find((region) => region.start + region.size > argument);
        return next && regionBytes(next);
      },
    };
    const bytes = pid === PID ? answers[flavor]?.() : undefined;
    assert.ok(bytes === undefined || bytes.length === size, `flavor ${flavor} asks for ${size} bytes`);
    return bytes;
  };
}

const BSD_INFO = {
  ...{ 4: 2, 12: PID, 16: 1, 20: USER, 24: 20, 28: USER, 32: 20 },
  ...{ 48: 'Python', 120: 1_700_000_000n, 128: 250_999n },
};
const STATUS: ProcessStatus = {
  ...{ pid: PID, parentPid: 1, name: 'Python', state: 'alive', uid: USER, effectiveUid: USER },
  ...{ effectiveGid: 20, startId: '1700000000.250999', owner: PID },
};

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

describe('refusals', () => {
  const refusal = (flags: number, status: Partial<ProcessStatus>, uid: number) => {
    const { geteuid } = process;
    process.geteuid = () => uid;
    try {
      const calls = native({
        signing: () => flags,
        userName: (id) => `user${id}`,
        path: () => '/opt/bin/python3.14',
      });
      return accessRefusal(calls, { ...STATUS, ...status });
    } finally {
      if (geteuid) process.geteuid = geteuid;
    }
  };
  const own = { uid: 501, effectiveUid: 501 };

  for (const [name, flags, status, uid, why, fix] of [
    ['a Python of macOS', 0x4000000, own, 0, /System Integrity Protection/, /python\.org, Homebrew/],
    ['a protected program, without root', 0x800, own, 501, /System Integrity Protection/, /python\.org/],
    ['an own program', 0x10000, own, 501, /only root/, /sudo/],
    ["another user's", 0, { uid: 502, effectiveUid: 502 }, 501, /user user502, and you are user501/, /sudo/],
    ['a set-uid program', 0, { uid: 501, effectiveUid: 0 }, 501, /user user0/, /sudo/],
    [
      'a hardened one, from root',
      0x10000,
      own,
      0,
      /get-task-allow/,
      /codesign --force --sign - "\/opt\/bin\/python3\.14"/,
    ],
    ['anything else, from root', 0x4, own, 0, /security policy of this Mac/, /administrator/],
  ] as const) {
    test(name, () => {
      const error = refusal(flags, status, uid);
      assert.equal(error.id, 'no-permission');
      assert.match(error.text, why);
      assert.match(error.fix ?? '', fix);
    });
  }
});

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

describe('a whole target', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'darwin-test-'));
  after(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'python3.14');
  const universal = universalFile(false);
  /** The second part, made for arm64. */
  const header = universal.subarray(2 * SIZE, 2 * SIZE + 8);
  writeFileSync(file, universal);
  const BASE = 0x104000000;
  const regions = [
    { start: BASE, size: 0x1000, protection: 5, offset: 2 * SIZE, path: file },
    // Written to, so the kernel has forgotten where it was in the file.
    { start: BASE + 0x4000, size: 0x1000, protection: 3, offset: 0, path: file },
    { start: BASE + 0x9000, size: 0x1000, protection: 5, offset: 0, path: '/usr/share/icu/data.dat' },
  ];

  function target(parts: Partial<DarwinNative> = {}) {
    const written: [number, string][] = [];
    const released: number[] = [];
    const calls = native({
      info: pidInfo({ status: BSD_INFO, regions, cwd: '/work' }),
      path: () => file,
      task: () => ({ value: 77 }),
      release: (port) => void released.push(port),
      readMemory: (_, address, into) => {
        if (address === BASE) header.copy(into);
        return address >= BASE ? { value: into.length } : { errno: 1 };
      },
      writeMemory: (_, address, from) => {
        written.push([address, Buffer.from(from).toString('latin1')]);
        return { value: from.length };
      },
      pids: () => [0, PID, PID + 1],
      signing: () => 0,
      userName: () => 'me',
      tickNs: () => 1,
      startBytes: () => Buffer.from(`\x02\0\0\0${file}\0\0${file}\0app.py\0TMPDIR=${folder}\0\0`),
      ...parts,
    });
    return { os: darwinOs(() => calls), written, released };
  }

  test('is opened, read, written and given back', async () => {
    const { os, written, released } = target();
    os.checkAccess(STATUS);
    assert.deepEqual(released, [77]);
    const process = await os.open(PID);
    process.write(BASE + 8, Buffer.from('script'));
    assert.deepEqual(written, [[BASE + 8, 'script']]);
    assert.throws(() => process.read(1, 4), /error 1 of Mach/);
    process.close();
    assert.deepEqual(released, [77, 77]);
  });

  test('the part of a universal file is the one that the process runs', async () => {
    const process = await target().os.open(PID);
    const images = process.images();
    assert.deepEqual(
      images.map((image) => image.path),
      [file],
      'data is no program',
    );
    const place = images[0]!.withBytes((bytes) => {
      const program = programFile(bytes);
      const section = program?.runtimeSection();
      const bias = program?.loadBias(images[0]!.mappings);
      return section && bias !== undefined ? section.address + bias : undefined;
    });
    assert.equal(place, BASE + 0x4080);
  });

  test('is in the list with what is known of it', () => {
    const { geteuid } = process;
    process.geteuid = () => USER;
    const [entry, ...others] = target().os.pythonProcesses();
    if (geteuid) process.geteuid = geteuid;
    assert.equal(others.length, 0, 'a process that has gone is no error');
    const { findings, ...known } = entry!;
    assert.deepEqual(known, {
      ...{ pid: PID, parentPid: 1, uid: USER, user: 'me', startedAt: 1_700_000_000_250 },
      ...{ executable: file, commandLine: [file, 'app.py'], cwd: '/work', cpuMs: 4, memoryBytes: 5_000_000 },
      ...{ version: '3.14.2', suspended: false, switchedOff: false },
    });
    assert.equal(findings.length, USER === 0 ? 0 : 1);
  });

  test('is refused with the reason', () => {
    const { os } = target({ task: () => ({ errno: 5 }), signing: () => 0x4000000 });
    assert.throws(() => os.checkAccess(STATUS), /System Integrity Protection/);
  });

  /** The two calls as Linux has them. */
  const files = {
    openAt: (fd: number, name: string, flags: number, mode: number) => {
      try {
        return { value: openSync(`/proc/self/fd/${fd}/${name}`, flags, mode) };
      } catch (error) {
        return { errno: -((error as NodeJS.ErrnoException).errno ?? 0) };
      }
    },
    unlinkAt: (fd: number, name: string) => {
      unlinkSync(`/proc/self/fd/${fd}/${name}`);
      return true;
    },
  };
  const ownInfo: DarwinNative['info'] = (pid) =>
    pid === PID || pid === process.pid ? filled(136, BSD_INFO) : undefined;

  test('its session has a private folder, which goes', async () => {
    const { os } = target({ ...files, info: ownInfo });
    const place = await os.makePlace(STATUS, (one) => one.write('stub.py', 'pass\n'));
    assert.match(place.folder, /\/darwin-test-\w+\/pylatch-[0-9a-f]{16}$/);
    assert.equal(place.address, `unix:${place.folder}/sock`);
    assert.equal(statSync(place.folder).mode & 0o777, 0o700);
    assert.equal(readFileSync(place.path('stub.py'), 'utf8'), 'pass\n');
    assert.equal(place.read('error'), undefined);
    writeFileSync(place.path('error'), 'agent-failed\nno\n');
    assert.equal(place.read('error'), 'agent-failed\nno\n');
    assert.equal(os.isAbandoned(STATUS, place.path('stub.py')), false);
    assert.equal(await place.connect(), undefined, 'nobody listens yet');
    const server = createServer().listen(path.join(place.folder, 'sock'));
    const socket = await place.connect();
    assert.ok(socket);
    socket.destroy();
    server.close();
    place.remove();
    assert.equal(existsSync(place.folder), false);
    assert.equal(os.isAbandoned(STATUS, `${place.folder}/stub.py`), true);
  });

  test('what a killed session has left is swept, a living one is not', async () => {
    const { os } = target({ ...files, info: ownInfo });
    const dead = path.join(folder, 'pylatch-0123456789abcdef');
    const other = path.join(folder, 'pylatch-0123456789abcde0');
    for (const [where, owner] of [
      [dead, '1 5.5\n'],
      [other, `${process.pid} 1700000000.250999\n`],
    ] as const) {
      mkdirSync(where);
      writeFileSync(path.join(where, 'owner'), owner);
      writeFileSync(path.join(where, 'stub.py'), '');
    }
    (await os.makePlace(STATUS, () => undefined)).remove();
    assert.deepEqual([existsSync(dead), existsSync(other)], [false, true]);
    rmSync(other, { recursive: true });
  });

  test('a folder whose name is too long for a socket is passed over', async () => {
    const long = path.join(folder, 'x'.repeat(90));
    mkdirSync(long);
    const startBytes = () => Buffer.from(`\x01\0\0\0${file}\0\0${file}\0TMPDIR=${long}\0\0`);
    const { os } = target({ ...files, info: ownInfo, startBytes });
    const place = await os.makePlace(STATUS, () => undefined);
    assert.match(place.folder, /^\/tmp\/pylatch-/);
    place.remove();
    assert.deepEqual(readdirSync(long), []);
  });

  test('a link in the place of a file is not followed', async () => {
    const { os } = target({ ...files, info: ownInfo });
    const place = await os.makePlace(STATUS, () => undefined);
    symlinkSync(file, place.path('error'));
    assert.equal(place.read('error'), undefined);
    place.remove();
    assert.ok(statSync(file).size > 0);
  });
});
