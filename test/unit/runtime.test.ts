import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { PylatchError } from '../../src/common/errors';
import { bufferImage } from '../../src/inject/image/bytes';
import { loadSegments } from '../../src/inject/image/elf';
import { programFile } from '../../src/inject/image/index';
import { COOKIE, OFFSETS_SIZE, parseOffsets, versionOf } from '../../src/inject/offsets';
import type { DebugOffsets } from '../../src/inject/offsets';
import { MemoryError } from '../../src/inject/os/types';
import type { LoadedImage, Mapping, ProcessMemory } from '../../src/inject/os/types';
import { findPython, walkInterpreter } from '../../src/inject/runtime';
import type { Runtime } from '../../src/inject/runtime';
import { interpreters } from '../support/targets';

const PAGE = 0x1000;
const HERE = 0x7f00_0000_0000;
const THERE = 0x7e00_0000_0000;

/** A process that has only memory and images; what is not in one of the pieces cannot be read. */
class FakeProcess implements ProcessMemory {
  private readonly pieces: { start: number; bytes: Buffer }[] = [];
  private readonly loaded: LoadedImage[] = [];

  /** Maps a file as the system's loader does, in a copy of its own. */
  load(file: Buffer, bias: number, withBytes = inFiles(file)): void {
    const mappings = loadSegments(bufferImage(file)).map((segment): Mapping => {
      const gap = segment.offset % PAGE;
      const start = bias + segment.address - gap;
      const bytes = Buffer.from(file.subarray(segment.offset - gap, segment.offset + segment.fileSize));
      this.pieces.push({ start, bytes });
      const end = start + bytes.length;
      return { start, end, offset: segment.offset - gap, writable: true, executable: true, path: '/shop' };
    });
    this.loaded.push({ path: '/shop', mappings, withBytes });
  }

  /** An image of which this side reaches no file. */
  map(start: number, bytes: Buffer): void {
    this.pieces.push({ start, bytes });
    const mapping = { start, end: start + bytes.length, offset: 0, writable: true, executable: true };
    this.loaded.push({ path: '/shop', mappings: [{ ...mapping, path: '/shop' }], withBytes: inFiles() });
  }

  images(): LoadedImage[] {
    return this.loaded;
  }

  read(address: number, length: number): Buffer {
    const piece = this.pieces.find(
      ({ start, bytes }) => address >= start && address + length <= start + bytes.length,
    );
    if (piece === undefined) throw new MemoryError('EFAULT', `nothing at ${address}`);
    return piece.bytes.subarray(address - piece.start, address - piece.start + length);
  }

  write(): void {
    assert.fail('looking for Python writes nothing');
  }

  close(): void {
    assert.fail('it is not ours to close');
  }
}

/** The places where the file is looked for, in their order. */
function inFiles(...contents: Buffer[]): LoadedImage['withBytes'] {
  return (use) => {
    for (const content of contents) {
      const result = use(bufferImage(content));
      if (result !== undefined) return result;
    }
    return undefined;
  };
}

function runtimeOf(process: FakeProcess): Runtime {
  const found = findPython(process);
  assert.ok(found !== undefined && 'runtime' in found, JSON.stringify(found));
  return found.runtime;
}

function addressIn(file: Buffer, name: 'runtime' | 'PyErr_CheckSignals'): number {
  const program = programFile(bufferImage(file));
  const address = name === 'runtime' ? program?.runtimeSection()?.address : program?.exported(name);
  assert.ok(address !== undefined);
  return address;
}

async function readInterpreters(): Promise<{ version: string; file: Buffer; other: Buffer }[]> {
  const found = (await interpreters()).map(({ version, path }) => ({ version, file: readFileSync(path) }));
  const others = found.toReversed();
  return found.map((each, i) => ({ ...each, other: others[i]!.file }));
}

describe('finding Python', async () => {
  for (const { version, file, other } of await readInterpreters()) {
    describe(version, () => {
      test('by the section of the mapped file', () => {
        const process = new FakeProcess();
        process.load(file, HERE);
        const runtime = runtimeOf(process);
        assert.equal(runtime.address, HERE + addressIn(file, 'runtime'));
        assert.equal(runtime.checkSignals, HERE + addressIn(file, 'PyErr_CheckSignals'));
        assert.ok(runtime.offsets.version.text.startsWith(`${version}.`));
      });

      test('the one that runs, of several', () => {
        const process = new FakeProcess();
        for (const bias of [HERE, THERE]) process.load(file, bias);
        const { address, offsets } = runtimeOf(process);
        assert.equal(address, HERE + addressIn(file, 'runtime'), 'none runs');
        const second = THERE + addressIn(file, 'runtime');
        process.read(second + offsets.runtime.initialized, 4).writeInt32LE(1);
        assert.equal(runtimeOf(process).address, second);
      });

      test('in the file that was mapped, not in the one that has taken its place', () => {
        const process = new FakeProcess();
        process.load(file, HERE, inFiles(other, file));
        assert.equal(runtimeOf(process).checkSignals, HERE + addressIn(file, 'PyErr_CheckSignals'));
      });

      test('by its cookie, where the mapped file is out of reach', () => {
        const process = new FakeProcess();
        process.load(file, HERE, inFiles(other));
        const { address, checkSignals } = runtimeOf(process);
        assert.deepEqual([address, checkSignals], [HERE + addressIn(file, 'runtime'), undefined]);
      });

      test('without the function, where its code is not the one of the file', () => {
        const process = new FakeProcess();
        process.load(file, HERE);
        process.read(HERE + addressIn(file, 'PyErr_CheckSignals'), 1)[0]! ^= 1;
        assert.equal(runtimeOf(process).checkSignals, undefined);
      });
    });
  }

  test('a cookie in what is no runtime is none', () => {
    const cookie = Buffer.from(COOKIE, 'latin1');
    const content = fc.array(fc.oneof(fc.uint8Array({ maxLength: 64 }), fc.constant(cookie)));
    fc.assert(
      fc.property(content, (parts) => {
        const process = new FakeProcess();
        process.map(HERE, Buffer.concat(parts));
        const found = findPython(process);
        assert.ok(found === undefined || !('runtime' in found));
      }),
    );
  });
});

/** The table in the file of an interpreter, and the runtime that it describes, at the address 0. */
async function anyOffsets(): Promise<DebugOffsets> {
  const [first] = await readInterpreters();
  const table = programFile(bufferImage(first!.file))?.bytesAt(
    addressIn(first!.file, 'runtime'),
    OFFSETS_SIZE,
  );
  const version = table && versionOf(table);
  const offsets = version && parseOffsets(table, version);
  assert.ok(offsets !== undefined);
  return offsets;
}

test('a walk through any memory ends, with the interpreter or with a refusal', async () => {
  const offsets = await anyOffsets();
  const SIZE = 1 << 20;
  // Pointers to places inside, so that the walk gets far, and others.
  const word = fc.oneof(
    fc.nat(SIZE / 8).map((n) => BigInt(n * 8)),
    fc.bigInt(0n, 2n ** 64n - 1n),
  );
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 50 }), (words) => {
      const memory = Buffer.alloc(SIZE);
      for (let at = 0; at < SIZE; at += 8) memory.writeBigUInt64LE(words[(at / 8) % words.length]!, at);
      const process = new FakeProcess();
      process.map(0, memory);
      try {
        walkInterpreter(process, { address: 0, image: '/shop', offsets });
      } catch (error) {
        assert.ok(error instanceof PylatchError, String(error));
      }
    }),
    { numRuns: 50 },
  );
});
