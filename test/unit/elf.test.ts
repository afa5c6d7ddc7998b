import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { bufferImage, withImageFile } from '../../src/inject/image/bytes';
import { bytesAt, findSection, findSymbol, loadSegments, readElf } from '../../src/inject/image/elf';
import { programFile } from '../../src/inject/image/index';
import { interpreters } from '../support/targets';

interface Shape {
  is64: boolean;
  little: boolean;
}

const NAMES = Buffer.from('\0.shstrtab\0.PyRuntime\0');

/** A smallest image: a header, a name table, one named section and one segment. */
function image({ is64, little }: Shape): Buffer {
  const bytes = Buffer.alloc(1024);
  const half = (at: number, value: number): unknown =>
    little ? bytes.writeUInt16LE(value, at) : bytes.writeUInt16BE(value, at);
  const word = (at: number, value: number): unknown =>
    little ? bytes.writeUInt32LE(value, at) : bytes.writeUInt32BE(value, at);
  const address = (at: number, value: number): unknown => {
    if (!is64) return word(at, value);
    return little ? bytes.writeBigUInt64LE(BigInt(value), at) : bytes.writeBigUInt64BE(BigInt(value), at);
  };
  bytes.set([0x7f, 0x45, 0x4c, 0x46, is64 ? 2 : 1, little ? 1 : 2, 1]);
  half(16, 3);
  const step = is64 ? 8 : 4;
  const [segmentSize, sectionSize, tail] = is64 ? [56, 64, 54] : [32, 40, 42];
  address(24 + step, 128);
  address(24 + 2 * step, 256);
  for (const [index, value] of [segmentSize, 1, sectionSize, 3, 1].entries()) half(tail + 2 * index, value);
  word(128, 1);
  for (const [index, value] of [0, 0x4000, 0, 0x100, 0x200].entries())
    address(128 + (index + 1) * step, value);
  const section = (index: number, name: number, place: number[]): void => {
    const at = 256 + index * sectionSize;
    word(at, name);
    for (const [field, value] of place.entries()) address(at + 8 + step * (field + 1), value);
  };
  section(1, 1, [0, 512, NAMES.length]);
  section(2, 11, [0x4321, 600, 99]);
  bytes.set(NAMES, 512);
  return bytes;
}

for (const is64 of [true, false]) {
  for (const little of [true, false]) {
    const name = `${is64 ? 64 : 32} bit, ${little ? 'little' : 'big'}-endian`;
    test(`finds a section and a segment: ${name}`, () => {
      const bytes = bufferImage(image({ is64, little }));
      const section = findSection(bytes, '.PyRuntime');
      assert.deepEqual(
        [section?.address, section?.offset, section?.size],
        [0x4321, 600, 99],
        'address, offset, size',
      );
      assert.deepEqual(loadSegments(bytes), [
        { offset: 0, address: 0x4000, fileSize: 0x100, memorySize: 0x200 },
      ]);
      assert.equal(findSection(bytes, '.nothing'), undefined);
      assert.equal(bytesAt(bytes, 0x4001, 3)?.toString('latin1'), 'ELF');
      assert.equal(bytesAt(bytes, 0x40ff, 2), undefined, 'over the end of the segment');
    });
  }
}

function useAll(bytes: Buffer): void {
  const source = bufferImage(bytes);
  readElf(source);
  loadSegments(source);
  findSection(source, '.PyRuntime');
  findSymbol(source, 'Py_Version');
  bytesAt(source, 0x4000, 4);
}

test('any bytes are answered without an exception', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 2048 }), (noise) => useAll(Buffer.from(noise))));
});

test('any damage to an image is answered without an exception', () => {
  const damage = fc.array(fc.tuple(fc.nat(1023), fc.nat(255)), { minLength: 1, maxLength: 40 });
  const shape = fc.record({ is64: fc.boolean(), little: fc.boolean() });
  const length = fc.nat(1024);
  fc.assert(
    fc.property(shape, damage, length, (kind, changes, kept) => {
      const bytes = image(kind);
      for (const [at, value] of changes) bytes[at] = value;
      useAll(bytes.subarray(0, kept));
    }),
    { numRuns: 2000 },
  );
});

test('the runtime state and the symbols of real interpreters are found, whole and piece by piece', async () => {
  for (const { path } of await interpreters()) {
    const whole = bufferImage(readFileSync(path));
    const section = findSection(whole, '.PyRuntime');
    assert.ok(section, `${path} has the section`);
    assert.equal(whole.slice(section.offset, 8)?.toString('latin1'), 'xdebugpy');
    assert.deepEqual(
      withImageFile(path, (image) => findSection(image, '.PyRuntime')),
      section,
    );
    assert.ok(findSymbol(whole, 'PyErr_CheckSignals'), 'PyErr_CheckSignals');
    const version = findSymbol(whole, 'Py_Version');
    assert.equal(version && bytesAt(whole, version.address, 4)?.[3], 3, 'Py_Version is that of Python 3');
  }
});

test('a file that is no image has nothing in it', () => {
  assert.equal(withImageFile(__filename, readElf), undefined);
  assert.equal(withImageFile('/no/such/file', readElf), undefined);
});

test('a pipe in the place of a program has nothing in it, and is not waited for', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pipe-'));
  try {
    execFileSync('mkfifo', [join(folder, 'python')]);
    assert.equal(
      withImageFile(join(folder, 'python'), (image) => image.length),
      0,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a program file of this format answers through the common interface', () => {
  const program = programFile(bufferImage(image({ is64: true, little: true })));
  assert.ok(program);
  const { address, offset, size } = program.runtimeSection() ?? {};
  assert.deepEqual([address, offset, size], [0x4321, 600, 99]);
  assert.equal(program.loadBias([{ start: 0x7000, end: 0x8000, offset: 0 }]), 0x3000);
  assert.equal(program.loadBias([{ start: 0x7000, end: 0x8000, offset: 0x900 }]), undefined);
  assert.equal(programFile(bufferImage(Buffer.from('#!/bin/sh\n'))), undefined);
});
