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
import { programFile } from '../../src/inject/image/index';
import { darwinOs } from '../../src/inject/os/darwin';
import { accessRefusal } from '../../src/inject/os/darwin-access';
import type { DarwinNative } from '../../src/inject/os/darwin-native';
import type { ProcessStatus } from '../../src/inject/os/types';
import { BSD_INFO, filled, native, PID, pidInfo, STATUS, USER } from '../support/darwin';
import { SIZE, universalFile } from '../support/macho';

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
      assert.equal(error.id, why.source.includes('System Integrity') ? 'debugging-locked' : 'no-permission');
      assert.match(error.text, why);
      assert.match(error.fix ?? '', fix);
    });
  }
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

  const FRAMEWORK = '/Library/Frameworks/Python.framework/Versions/3.14/Python';
  const embedded = [{ start: BASE, size: 0x1000, protection: 5, offset: 0, path: FRAMEWORK }];

  test('is found by the library that it has loaded', () => {
    const program = path.join(folder, 'Thing');
    writeFileSync(program, 'no program');
    const info = pidInfo({ status: BSD_INFO, regions: embedded });
    const versions = (signing: number) =>
      target({ info, path: () => program, signing: () => signing })
        .os.pythonProcesses()
        .map(({ version }) => version);
    assert.deepEqual(versions(0), ['3.14']);
    assert.deepEqual(versions(0x4000000), [], 'programs of macOS load no such library');
  });

  test('of another user is found by its name', () => {
    const info = pidInfo({ status: BSD_INFO });
    const named = target({ info, path: () => '/gone/bin/python3.14', startBytes: () => undefined });
    const [entry] = named.os.pythonProcesses();
    assert.deepEqual([entry?.version, entry?.commandLine], ['3.14', ['Python']]);
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
