import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bufferImage } from '../../src/inject/image/bytes';
import type { ImageBytes } from '../../src/inject/image/bytes';
import { programFile } from '../../src/inject/image/index';
import { bytesAt, findExport, findSection, peSections, readPe } from '../../src/inject/image/pe';

const PE_AT = 0x80;
const SECTION_TABLE = { true: PE_AT + 24 + 240, false: PE_AT + 24 + 224 };
/** Every section's addresses begin this far behind its place in the file. */
const SHIFT = 0x3000;
const EXPORTS = 0x300;
const STRINGS = 0x500;
const FUNCTIONS: [name: string, address: number][] = [
  ['PyErr_CheckSignals', 0x3456],
  ['Py_Forwarded', EXPORTS + SHIFT + 8],
  ['Py_Version', 0x3500],
];

/** A smallest image: headers, three sections, a directory of three exports and a table of long names. */
function image(is64: boolean, runtimeName = 'PyRuntim'): Buffer {
  const bytes = Buffer.alloc(0x600);
  bytes.write('MZ', 0);
  bytes.writeUInt32LE(PE_AT, 60);
  bytes.write('PE\0\0', PE_AT);
  const optional = PE_AT + 24;
  bytes.writeUInt16LE(is64 ? 0x8664 : 0x14c, PE_AT + 4);
  bytes.writeUInt16LE(3, PE_AT + 6);
  bytes.writeUInt32LE(STRINGS - 36, PE_AT + 12);
  bytes.writeUInt32LE(2, PE_AT + 16);
  bytes.writeUInt16LE(is64 ? 240 : 224, PE_AT + 20);
  bytes.writeUInt16LE(is64 ? 0x20b : 0x10b, optional);
  const directories = optional + (is64 ? 108 : 92);
  for (const [index, value] of [16, EXPORTS + SHIFT, 0x100].entries())
    bytes.writeUInt32LE(value, directories + 4 * index);
  const section = (index: number, name: string, size: number, flags: number): void => {
    const at = SECTION_TABLE[`${is64}`] + index * 40;
    const offset = 0x200 + index * 0x100;
    bytes.write(name, at);
    for (const [field, value] of [size, offset + SHIFT, 0x100, offset].entries())
      bytes.writeUInt32LE(value, at + 8 + 4 * field);
    bytes.writeUInt32LE(flags, at + 36);
  };
  section(0, runtimeName, 0x1234, 0xc0000040);
  section(1, '.edata', 0x100, 0x40000040);
  section(2, '.text', 0, 0x60000020);
  bytes.write('xdebugpy', 0x200);
  bytes.write('PyRuntime\0', STRINGS + 8);
  exportDirectory(bytes);
  return bytes;
}

function exportDirectory(bytes: Buffer): void {
  const [functions, names, ordinals, texts] = [EXPORTS + 40, EXPORTS + 52, EXPORTS + 64, EXPORTS + 72];
  const count = FUNCTIONS.length;
  for (const [index, value] of [
    count,
    count,
    ...[functions, names, ordinals].map((at) => at + SHIFT),
  ].entries())
    bytes.writeUInt32LE(value, EXPORTS + 20 + 4 * index);
  let text = texts;
  for (const [index, [name, address]] of FUNCTIONS.entries()) {
    bytes.writeUInt32LE(text + SHIFT, names + 4 * index);
    // The functions stand in another order than their names.
    bytes.writeUInt16LE(count - 1 - index, ordinals + 2 * index);
    bytes.writeUInt32LE(address, functions + 4 * (count - 1 - index));
    text += bytes.write(`${name}\0`, text);
  }
}

for (const is64 of [true, false]) {
  test(`finds a section and exports: ${is64 ? 64 : 32} bit`, () => {
    const bytes = bufferImage(image(is64));
    assert.deepEqual(readPe(bytes)?.is64, is64);
    const { address, offset, size, writable, executable } = findSection(bytes, 'PyRuntime') ?? {};
    assert.deepEqual([address, offset, size, writable, executable], [0x3200, 0x200, 0x1234, true, false]);
    assert.equal(peSections(bytes)[2]?.size, 0x100, 'without a size in memory it is that in the file');
    assert.equal(findExport(bytes, 'PyErr_CheckSignals'), 0x3456);
    assert.equal(findExport(bytes, 'Py_Version'), 0x3500);
    assert.equal(findExport(bytes, 'Py_Forwarded'), undefined, 'the function is in another library');
    assert.equal(findExport(bytes, 'Py_Nothing'), undefined);
    assert.equal(bytesAt(bytes, 0x3200, 8)?.toString('latin1'), 'xdebugpy');
    assert.equal(bytesAt(bytes, 0x32fe, 4), undefined, 'over the end of what the file holds');
  });
}

test('a long name is found in the table of names', () => {
  assert.equal(findSection(bufferImage(image(true, '/8')), 'PyRuntime')?.offset, 0x200);
  assert.equal(findSection(bufferImage(image(true, '/9999999')), 'PyRuntime'), undefined);
});

test('a program file of this format answers through the common interface', () => {
  const program = programFile(bufferImage(image(true)));
  assert.ok(program);
  assert.equal(program.runtimeSection()?.address, 0x3200);
  assert.equal(program.exported('Py_Version'), 0x3500);
  assert.equal(program.bytesAt(0x3200, 4)?.toString('latin1'), 'xdeb');
  const parts = [
    { start: 0x9000, end: 0xa000, offset: 0x200 },
    { start: 0x7000, end: 0x8000, offset: 0 },
  ];
  assert.equal(program.loadBias(parts), 0x7000, 'where the headers are');
  assert.equal(program.loadBias(parts.slice(0, 1)), undefined);
});

/** Fails a reader that asks for bytes outside of the image, or for very many. */
function watched(bytes: Buffer): ImageBytes {
  const source = bufferImage(bytes);
  let reads = 0;
  return {
    length: source.length,
    slice: (offset, length) => {
      assert.ok(++reads < 30_000, 'the work is bounded');
      const found = source.slice(offset, length);
      assert.ok(found === undefined || found.length === length);
      return found;
    },
  };
}

function useAll(bytes: Buffer): void {
  const program = programFile(watched(bytes));
  program?.runtimeSection();
  program?.exported('Py_Version');
  program?.bytesAt(0x3200, 4);
  peSections(watched(bytes));
}

test('any bytes are answered without an exception', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 2048 }), (noise) => useAll(Buffer.from(noise))));
});

test('any damage to an image is answered without an exception', () => {
  const place = fc.oneof(
    fc.nat(0x5ff),
    fc.integer({ min: PE_AT, max: 0x200 }),
    fc.integer({ min: EXPORTS, max: 0x380 }),
  );
  const damage = fc.array(fc.tuple(place, fc.nat(255)), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(fc.boolean(), damage, fc.nat(0x600), fc.boolean(), (is64, changes, kept, cut) => {
      const bytes = image(is64, '/8');
      for (const [at, value] of changes) bytes[at] = value;
      useAll(cut ? bytes.subarray(0, kept) : bytes);
    }),
    { numRuns: 3000 },
  );
});
