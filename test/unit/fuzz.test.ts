/**
 * What a target, or a file of its user, can put in front of the parsers: anything. None of it may crash us, hang
 * us, or make us read where nothing is.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PylatchError } from '../../src/common/errors';
import { bufferImage } from '../../src/inject/image/bytes';
import type { ImageBytes } from '../../src/inject/image/bytes';
import { elfProgram } from '../../src/inject/image/elf';
import { COOKIE, LAYOUTS, OFFSETS_SIZE, parseOffsets, versionOf } from '../../src/inject/offsets';
import type { DebugOffsets } from '../../src/inject/offsets';
import { commandLine, parseMappings, statFields } from '../../src/inject/os/linux-proc';
import { MemoryError } from '../../src/inject/os/types';
import type { LoadedImage, ProcessMemory } from '../../src/inject/os/types';
import { findPendingQueue } from '../../src/inject/pending';
import { findPython, lifeStage, walkInterpreter } from '../../src/inject/runtime';
import { runtimeTable, WITH_GIL } from '../support/runtimeTable';
import type { RuntimeTable } from '../support/runtimeTable';

const BASE = 0x10000;
/** More than any walk may ask of the memory: a list that never ends is left at some point. */
const MAX_READS = 1_000_000;

/** An address space of one block; a read that nothing can answer is the reader's fault. */
class Block implements ProcessMemory {
  reads = 0;

  constructor(private readonly bytes: Buffer) {}

  read(address: number, length: number): Buffer {
    this.reads++;
    assert.ok(this.reads < MAX_READS, 'the work has an end');
    assert.ok(length >= 0 && length <= 1 << 24, `${length} bytes at once`);
    const start = address - BASE;
    if (!(start >= 0 && start + length <= this.bytes.length))
      throw new MemoryError('EFAULT', 'nothing there');
    return Buffer.from(this.bytes.subarray(start, start + length));
  }

  write(): void {
    assert.fail('looking writes nothing');
  }

  close(): void {
    assert.fail('whoever opened it closes it');
  }
}

/** Only errors that the callers expect may leave. */
function looked(action: () => string): string {
  try {
    return action();
  } catch (error) {
    if (error instanceof PylatchError || error instanceof MemoryError) return error.name;
    throw error;
  }
}

const word = fc.oneof(
  { weight: 4, arbitrary: fc.nat(300).map((n) => BigInt(n * 4)) },
  { weight: 4, arbitrary: fc.nat(0x2000).map((n) => BigInt(BASE + n * 8)) },
  { weight: 1, arbitrary: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }) },
  { weight: 1, arbitrary: fc.constantFrom(0n, 1n, 512n, (1n << 31n) - 1n, 1n << 53n, (1n << 64n) - 1n) },
);
const version = fc.constantFrom(...Object.keys(LAYOUTS), '13', '16', '255').map(Number);

function words(values: bigint[]): Buffer {
  const bytes = Buffer.alloc(values.length * 8);
  values.forEach((value, index) => bytes.writeBigUInt64LE(value, index * 8));
  return bytes;
}

function withCookie(bytes: Buffer, minor: number): Buffer {
  bytes.write(COOKIE, 0, 'latin1');
  bytes.writeUInt32LE(((3 << 24) | (minor << 16) | 0xf0) >>> 0, 8);
  return bytes;
}

test('any bytes in the place of the table are answered', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: OFFSETS_SIZE + 8 }), version, (noise, minor) => {
      const bytes = Buffer.from(noise);
      versionOf(bytes);
      parseOffsets(bytes, { major: 3, minor, micro: 0, text: '3' });
    }),
  );
});

/** Of the 111 words of the longest table, those that are read. */
const READ = [
  2, 3, 4, 5, 6, 7, 8, 9, 10, 22, 24, 25, 27, 28, 30, 31, 33, 89, 90, 91, 92, 93, 94, 105, 106, 107, 110,
];
const damage = fc.array(fc.tuple(fc.constantFrom(...READ), word), { maxLength: 3 });

/** A table that is right but for some words, which is what gets past the first checks. */
function damaged(minor: number, changes: [number, bigint][], table = WITH_GIL): Buffer {
  const bytes = runtimeTable(minor, table);
  for (const [index, value] of changes) bytes.writeBigUInt64LE(value, index * 8);
  return bytes;
}

function fields({ runtime, interpreter, thread }: DebugOffsets): [number, number, number][] {
  return [
    ...[runtime.finalizing, runtime.interpretersHead].map((at): [number, number, number] => [
      at,
      8,
      runtime.size,
    ]),
    ...[interpreter.id, interpreter.next, interpreter.threadsHead, interpreter.threadsMain].map(
      (at): [number, number, number] => [at, 8, interpreter.size],
    ),
    // A walk reads a thread up to the end of its native id.
    ...[thread.next, thread.interpreter].map((at): [number, number, number] => [
      at,
      8,
      thread.nativeId + thread.idSize,
    ]),
    [thread.evalBreaker, 8, thread.size],
    [thread.scriptPath, thread.scriptPathSize, thread.size],
  ];
}

test('a table that is taken names no place outside of its structures', () => {
  let taken = 0;
  fc.assert(
    fc.property(fc.constantFrom(14, 15), damage, (minor, changes) => {
      const offsets = parseOffsets(damaged(minor, changes), { major: 3, minor, micro: 0, text: '3' });
      if (offsets === undefined) return;
      taken++;
      for (const [at, length, size] of fields(offsets)) assert.ok(at >= 0 && at + length <= size);
      assert.ok(offsets.runtime.size <= 1 << 24 && offsets.thread.size <= 1 << 16);
    }),
    { numRuns: 2000 },
  );
  assert.ok(taken > 100, 'enough of them are taken');
});

/** Structures so small that nearly every word of them matters. */
const SMALL: RuntimeTable = {
  freeThreaded: false,
  runtime: [64, 24, 32],
  interpreter: [64, 0, 8, 16, 24],
  thread: [1024, 0, 8, 16],
  threadIdent: [40, 48, 0, 32],
  support: [56, 64, 32, 0, 4, 512],
};

/** A runtime with one interpreter and two threads in that layout. */
function smallWorld(): Buffer {
  const block = Buffer.alloc(0x1000);
  const put = (at: number, ...values: number[]): void =>
    values.forEach((value, index) => block.writeBigUInt64LE(BigInt(value), at + index * 8));
  const [interpreter, first, second] = [BASE + 0x100, BASE + 0x200, BASE + 0x800];
  put(32, interpreter);
  put(0x100, 0, 0, first, first);
  put(0x200, 0, second, interpreter, 0, 0, 1, 1);
  put(0x800, first, 0, interpreter, 0, 0, 2, 2);
  return block;
}

test('the walk ends, whatever the structures hold and the lists lead to', () => {
  const outcomes = new Set<string>();
  const place = fc.constantFrom(24, 32, 0x100, 0x108, 0x110, 0x118, 0x208, 0x210, 0x230, 0x808, 0x810, 0x830);
  const pointer = fc.constantFrom(0x100, 0x200, 0x800, 0xff8).map((offset) => BigInt(BASE + offset));
  const turns = fc.array(fc.tuple(place, fc.oneof(pointer, word)), { maxLength: 4 });
  fc.assert(
    fc.property(fc.constantFrom(14, 15), damage, turns, (minor, changes, turned) => {
      const offsets = parseOffsets(damaged(minor, changes, SMALL), { major: 3, minor, micro: 0, text: '3' });
      if (offsets === undefined) return;
      const block = smallWorld();
      for (const [at, value] of turned) block.writeBigUInt64LE(value, at);
      const process = new Block(block);
      const runtime = { address: BASE, image: 'x', offsets, checkSignals: BASE };
      outcomes.add(looked(() => `${walkInterpreter(process, runtime).threads.length > 0}`));
      looked(() => lifeStage(process, runtime));
      looked(() => String(findPendingQueue(process, runtime)));
    }),
    { numRuns: 1000 },
  );
  assert.deepEqual(
    [...outcomes].sort(),
    ['PylatchError', 'false', 'true'],
    'walks that find something and none',
  );
});

test('a list that goes round in circles is left', () => {
  const offsets = parseOffsets(runtimeTable(14), { major: 3, minor: 14, micro: 0, text: '3.14.0' });
  assert.ok(offsets);
  const { runtime, interpreter, thread } = offsets;
  const block = Buffer.alloc(runtime.size + interpreter.size + 2 * thread.size);
  const put = (at: number, value: number): unknown => block.writeBigUInt64LE(BigInt(value), at);
  const [own, first, second] = [runtime.size, runtime.size + interpreter.size, block.length - thread.size];
  put(runtime.interpretersHead, BASE + own);
  put(own + interpreter.threadsHead, BASE + first);
  for (const [one, other] of [
    [first, second],
    [second, first],
  ] as const) {
    put(one + thread.next, BASE + other);
    put(one + thread.interpreter, BASE + own);
  }
  const process = new Block(block);
  assert.throws(() => walkInterpreter(process, { address: BASE, image: 'x', offsets }), {
    id: 'interpreter-not-ready',
  });
});

/** An image that counts what is asked of it, and gives nothing that it does not have. */
function countedImage(bytes: Buffer): { image: ImageBytes; asked: () => number } {
  const inner = bufferImage(bytes);
  let asked = 0;
  const slice = (offset: number, length: number): Buffer | undefined => {
    asked++;
    return inner.slice(offset, length);
  };
  return { image: { length: bytes.length, slice }, asked: () => asked };
}

const elfStart = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
const elf = fc.array(fc.oneof(word, fc.constantFrom(0x40n, 0x0040_0000_0038n, 0x3_0010_0040n)), {
  minLength: 8,
  maxLength: 256,
});

test('an ELF file asks for no more than it holds', () => {
  fc.assert(
    fc.property(elf, (content) => {
      const bytes = words(content);
      elfStart.copy(bytes);
      const { image, asked } = countedImage(bytes);
      const program = elfProgram(image);
      program?.runtimeSection();
      program?.exported('PyErr_CheckSignals');
      program?.loadBias([{ start: 0x400000, end: 0x500000, offset: 0 }]);
      assert.ok(asked() < 1000);
    }),
    { numRuns: 2000 },
  );
});

test('a process full of strange images is looked at, and left', () => {
  const content = fc.array(word, { minLength: 16, maxLength: 512 });
  fc.assert(
    fc.property(elf, content, version, fc.nat(255), (file, data, minor, at) => {
      const bytes = words(file);
      elfStart.copy(bytes);
      const memory = words(data);
      const place = Math.min(at, data.length - 2) * 8;
      withCookie(memory.subarray(place), minor);
      const process = new Block(memory);
      const mapping = {
        start: BASE,
        end: BASE + memory.length,
        writable: true,
        executable: false,
        offset: 0,
      };
      const image: LoadedImage = {
        path: '/usr/bin/python3.14',
        mappings: [{ ...mapping, path: '/usr/bin/python3.14' }],
        withBytes: (use) => use(bufferImage(bytes)),
      };
      looked(() => typeof findPython(Object.assign(process, { images: () => [image] })));
    }),
  );
});

test('any text in the place of an address space is answered', () => {
  const line = fc
    .tuple(
      fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
      fc.nat(),
      fc.string(),
      fc.constantFrom('r-xp', 'rw-p', '?'),
    )
    .map(
      ([start, size, path, rights]) =>
        `${start.toString(16)}-${size.toString(16)} ${rights} 0 08:01 7   /${path}`,
    );
  const text = fc.array(fc.oneof(line, fc.string()), { maxLength: 20 }).map((lines) => lines.join('\n'));
  fc.assert(
    fc.property(text, (maps) => {
      for (const one of parseMappings(maps))
        assert.ok(one.path.startsWith('/') && one.start >= 0 && one.end >= 0);
      statFields(maps);
    }),
  );
  // Lines that fit nearly are what slows a careless pattern down.
  assert.deepEqual(parseMappings(`${'a'.repeat(100_000)}-${' '.repeat(100_000)}\n`.repeat(10)), []);
  assert.deepEqual(parseMappings(`1-2 r-xp 0 08:01 7${' '.repeat(1_000_000)}`), []);
  assert.deepEqual(commandLine(-1), []);
});
