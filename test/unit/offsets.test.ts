import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bufferImage, withImageFile } from '../../src/inject/image/bytes';
import { findSection } from '../../src/inject/image/elf';
import { OFFSETS_SIZE, parseOffsets, parseVersion, versionOf } from '../../src/inject/offsets';
import { MemoryError } from '../../src/inject/os/types';
import type { ProcessMemory } from '../../src/inject/os/types';
import { walkInterpreter } from '../../src/inject/runtime';
import type { Runtime } from '../../src/inject/runtime';
import { FREE_THREADED, runtimeTable } from '../support/runtimeTable';
import { interpreters } from '../support/targets';

/** The table as the interpreter's own file holds it. */
function table(path: string): Buffer {
  const bytes = withImageFile(path, (image) => {
    const section = findSection(image, '.PyRuntime');
    return section && image.slice(section.offset, OFFSETS_SIZE);
  });
  assert.ok(bytes, `${path} holds a table`);
  return Buffer.from(bytes);
}

test('versions are read as CPython writes them', () => {
  assert.equal(parseVersion(0x030e0af0).text, '3.14.10');
  assert.equal(parseVersion(0x030f00b2).text, '3.15.0b2');
  assert.equal(parseVersion(0x030f00c1).text, '3.15.0rc1');
  assert.equal(versionOf(Buffer.from('no cookie is here')), undefined);
});

test('the tables of real interpreters are read and consistent', async () => {
  for (const { version, path } of await interpreters()) {
    const bytes = table(path);
    const found = versionOf(bytes);
    assert.ok(found);
    assert.equal(`${found.major}.${found.minor}`, version);
    const offsets = parseOffsets(bytes, found);
    assert.ok(offsets);
    assert.equal(offsets.thread.evalBreaker, 24);
    assert.equal(offsets.thread.scriptPathSize, 512);
    assert.equal(offsets.freeThreaded, false);
  }
});

test('the table of a build without the GIL is read, and refused when it does not fit', () => {
  const version = parseVersion(0x030e00f0);
  const offsets = parseOffsets(runtimeTable(14, FREE_THREADED), version);
  assert.equal(offsets?.freeThreaded, true);
  assert.deepEqual([offsets.thread.pendingCall, offsets.thread.scriptPath], [304, 308]);
  // A thread that is smaller than what would be written into it.
  const thread = FREE_THREADED.thread.with(0, 816);
  assert.equal(parseOffsets(runtimeTable(14, { ...FREE_THREADED, thread }), version), undefined);
});

test('a table that does not fit its version is refused', async () => {
  for (const { path } of await interpreters()) {
    const bytes = table(path);
    const version = versionOf(bytes);
    assert.ok(version);
    const other = { ...version, minor: version.minor === 14 ? 15 : 14 };
    assert.equal(parseOffsets(bytes, other), undefined);
    assert.equal(parseOffsets(bytes, { ...version, minor: 16 }), undefined);
    assert.equal(parseOffsets(bytes, version, {}), undefined, 'no table is known');
    assert.equal(parseOffsets(bytes.subarray(0, 300), version), undefined);
    bytes.writeBigUInt64LE(1n << 40n, 6 * 8 + 8);
    assert.equal(parseOffsets(bytes, version), undefined, 'an offset outside of its structure');
  }
});

/** An address space of one block at 0x10000. */
function fakeMemory(block: Buffer): ProcessMemory {
  const image = bufferImage(block);
  return {
    read: (address, length) => {
      const bytes = image.slice(address - 0x10000, length);
      if (bytes === undefined) throw new MemoryError('EFAULT', `nothing at ${address}`);
      return bytes;
    },
    write: () => assert.fail('a walk writes nothing'),
    close: () => undefined,
  };
}

const OFFSETS: Runtime['offsets'] = {
  version: parseVersion(0x030e00f0),
  freeThreaded: false,
  runtime: { size: 64, initialized: 40, finalizing: 48, interpretersHead: 0 },
  interpreter: { size: 64, id: 0, next: 8, threadsHead: 16, threadsMain: 24, remoteDebugEnabled: 32 },
  thread: {
    size: 64,
    next: 0,
    interpreter: 8,
    status: 16,
    ident: 24,
    nativeId: 32,
    idSize: 8,
    evalBreaker: 40,
    pendingCall: 48,
    scriptPath: 52,
    scriptPathSize: 512,
  },
};
const RUNTIME: Runtime = { address: 0x10000, image: 'x', offsets: OFFSETS };

/** A runtime with a subinterpreter in front of the main one, which has two threads. */
function world(): Buffer {
  const block = Buffer.alloc(0x1000);
  const put = (at: number, ...words: number[]): void =>
    words.forEach((word, index) => block.writeBigUInt64LE(BigInt(word), at + 8 * index));
  put(0, 0x10100);
  put(0x100, 1, 0x10200, 0, 0, 1);
  put(0x200, 0, 0, 0x10400, 0x10300, 1);
  put(0x400, 0x10300, 0x10200, 0b1011, 222, 2222);
  put(0x300, 0, 0x10200, 0b0011, 111, 1111);
  return block;
}

test('the walk takes the main interpreter, wherever it stands, and its threads', () => {
  const found = walkInterpreter(fakeMemory(world()), RUNTIME);
  assert.equal(found.address, 0x10200);
  assert.equal(found.mainThread, 0x10300);
  assert.equal(found.remoteDebugEnabled, true);
  assert.deepEqual(
    found.threads.map((thread) => thread.nativeId),
    [1111, 2222],
  );
});

test('the walk tells a thread that is inside another interpreter', () => {
  const { threads } = walkInterpreter(fakeMemory(world()), RUNTIME);
  assert.deepEqual(
    threads.map(({ away }) => away),
    [true, false],
  );
});

test('the numbers of threads are 4 bytes long where C says so', () => {
  const block = world();
  block.writeBigUInt64LE((333n << 32n) | 111n, 0x318);
  const thread = { ...OFFSETS.thread, nativeId: 28, idSize: 4 };
  const found = walkInterpreter(fakeMemory(block), { ...RUNTIME, offsets: { ...OFFSETS, thread } });
  assert.deepEqual([found.threads[0]?.ident, found.threads[0]?.nativeId], [111n, 333]);
});

test('a runtime without an interpreter is not ready', () => {
  const block = world();
  block.writeBigUInt64LE(0n, 0);
  assert.throws(() => walkInterpreter(fakeMemory(block), RUNTIME), { id: 'interpreter-not-ready' });
});

test('lists that lead astray, nowhere or round in circles end the walk', () => {
  for (const [at, target] of [
    [0, 0x7000_0000],
    [0x108, 0x10100],
    [0x210, 0x10100],
    [0x400, 0x10400],
  ] as const) {
    const block = world();
    block.writeBigUInt64LE(BigInt(target), at);
    assert.throws(
      () => walkInterpreter(fakeMemory(block), RUNTIME),
      { id: 'interpreter-not-ready' },
      String(at),
    );
  }
});
