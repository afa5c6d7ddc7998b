/** The binding of macOS' functions, against a library that has them with the same declarations. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { constants as system, tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { bindDarwin } from '../../src/inject/os/darwin-native';
import { ARM64 } from '../../src/inject/os/darwin-threads';
import { loadKoffi } from '../../src/inject/os/native';

const PID = 42;
const TASK = 0x1107;
const THREAD = 0x3307;
const SOURCE = path.join(__dirname, '..', 'fixtures', 'darwin-system.c');

const folder = mkdtempSync(path.join(tmpdir(), 'darwin-native-'));
after(() => rmSync(folder, { recursive: true }));
const library = path.join(folder, 'libSystem.so');

function compile(): string | undefined {
  try {
    execFileSync('gcc', ['-shared', '-fPIC', '-Wall', '-Werror', '-o', library, SOURCE], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'there is no gcc here';
    throw error;
  }
}

test('every function gets what its declaration asks for', (t) => {
  const missing = compile();
  if (missing !== undefined) return t.skip(missing);
  const koffi = loadKoffi();
  const native = bindDarwin(koffi, library);
  const told = koffi.load(library).func('told', 'str', []) as () => string;

  assert.deepEqual(native.pids(), [1, PID, 4711]);
  const info = native.info(PID, 22, 0x1_0000_4000, 1272);
  assert.equal(info?.readBigUInt64LE(0), 0x1_0000_4000n);
  assert.deepEqual([info.readInt32LE(8), info.readInt32LE(12)], [22, 1272]);
  assert.equal(native.info(PID, 99, 0, 32), undefined, 'less than asked for');
  assert.equal(native.info(1, 3, 0, 136), undefined);
  assert.equal(native.path(PID), '/opt/café/python');
  assert.equal(native.path(1), undefined);
  assert.equal(native.startBytes(PID)?.toString('latin1'), '\x02\0\0\0program');
  assert.equal(native.startBytes(1), undefined);
  assert.deepEqual([native.signing(PID), native.signing(1)], [0x14000004, 0]);
  assert.deepEqual([native.userName(0), native.userName(54321)], ['root', '54321']);
  assert.equal(native.tickNs(), 125 / 3);

  assert.deepEqual([native.task(PID), native.task(1)], [{ value: TASK }, { errno: 5 }]);
  const memory = Buffer.from('0123456789');
  const address = Number(koffi.address(memory));
  const read = Buffer.alloc(4);
  assert.deepEqual(native.readMemory(TASK, address + 3, read), { value: 4 });
  assert.equal(read.toString(), '3456');
  assert.deepEqual(native.writeMemory(TASK, address + 1, Buffer.from('ab')), { value: 2 });
  assert.equal(memory.toString(), '0ab3456789');
  assert.deepEqual(native.readMemory(1, address, read), { errno: 4 });
  assert.deepEqual(native.writeMemory(1, address, read), { errno: 4 });

  assert.deepEqual(native.suspend(TASK), { value: 0x2207 });
  native.resume(0x2207);
  assert.deepEqual(native.threads(TASK), [THREAD, THREAD + 1]);
  assert.deepEqual(native.threads(1), []);
  const identity = Buffer.alloc(24);
  assert.deepEqual(
    [native.threadInfo(THREAD, 4, identity), native.threadInfo(1, 4, identity)],
    [true, false],
  );
  assert.equal(identity.readBigUInt64LE(0), 1234567890123n);
  const state = Buffer.alloc(ARM64.size);
  assert.equal(native.registers(THREAD, ARM64.flavor, state), true);
  assert.equal(state.readBigUInt64LE(ARM64.call), 363n);
  assert.deepEqual([native.abort(THREAD), native.abort(1)], [true, false]);
  native.release(TASK);
  assert.equal(told(), 'held 4359;resumed 8711;freed 8;released 4359;');
});

test('files of a folder are opened and removed through its descriptor', (t) => {
  const missing = compile();
  if (missing !== undefined) return t.skip(missing);
  const native = bindDarwin(loadKoffi(), library);
  const fd = openSync(folder, 'r');
  try {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
    const made = native.openAt(fd, 'error', flags, 0o600);
    assert.ok('value' in made);
    writeSync(made.value, 'text');
    closeSync(made.value);
    assert.equal(readFileSync(path.join(folder, 'error'), 'utf8'), 'text');
    assert.deepEqual(native.openAt(fd, 'error', flags, 0o600), { errno: system.errno.EEXIST });
    assert.equal(native.unlinkAt(fd, 'error'), true);
    assert.equal(existsSync(path.join(folder, 'error')), false);
    assert.equal(native.unlinkAt(fd, 'error'), false);
  } finally {
    closeSync(fd);
  }
});
