import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { bufferImage, withImageFile } from '../../src/inject/image/bytes';
import { findExport, peSections, readPe } from '../../src/inject/image/pe';
import { pythonInFile } from '../../src/inject/python-file';
import { buildStandIns } from './standin';
import { koffiFor, nodeForWindows, whyNotWine } from './wine';

const SAMPLES = 100;
const reason = whyNotWine();

/** What the tool that comes with the compiler says of a file. */
async function dump(option: string, path: string): Promise<string> {
  const { stdout } = await promisify(execFile)('x86_64-w64-mingw32-objdump', [option, path], {
    maxBuffer: 1 << 26,
  });
  return stdout;
}

/** Sections that the file has bytes of: name, address in the image, place in the file. */
async function sectionsByTool(path: string): Promise<[name: string, address: number, offset: number][]> {
  const base = parseInt(/^ImageBase\s+([0-9a-f]+)/m.exec(await dump('-p', path))?.[1] ?? '', 16);
  const lines = (await dump('-h', path)).matchAll(
    /^ *\d+ (\S+) +[0-9a-f]+ +([0-9a-f]+) +[0-9a-f]+ +([0-9a-f]+)/gm,
  );
  return [...lines].map(([, name = '', address = '', offset = '']) => [
    name,
    parseInt(address, 16) - base,
    parseInt(offset, 16),
  ]);
}

/** Exported names with their addresses. */
async function exportsByTool(path: string): Promise<[name: string, address: number][]> {
  const [, addresses = '', names = ''] =
    /Export Address Table([^]*?)Name Pointer\] Table([^]*?)\n\n/.exec(await dump('-p', path)) ?? [];
  const byOrdinal = new Map(
    [...addresses.matchAll(/\[ *(\d+)\] \+base\[ *\d+\] +([0-9a-f]+) Export RVA/g)].map(
      ([, ordinal, address = '']) => [ordinal, parseInt(address, 16)],
    ),
  );
  return [...names.matchAll(/\[ *(\d+)\] (?:\+base\[ *\d+\] +(?:[0-9a-f]+ )?)?(\S+)$/gm)].flatMap(
    ([, ordinal, name = '']): [string, number][] => {
      const address = byOrdinal.get(ordinal);
      return address === undefined ? [] : [[name, address]];
    },
  );
}

describe('program files of Windows', { skip: reason ?? false }, () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'images-'));
    await buildStandIns(folder);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const files: [name: string, is64: boolean, path: () => Promise<string>][] = [
    ['Node', true, nodeForWindows],
    ['an addon', true, async () => join(await koffiFor('win32-x64'), 'win32_x64', 'koffi.node')],
    [
      'an addon for 32 bit',
      false,
      async () => join(await koffiFor('win32-ia32'), 'win32_ia32', 'koffi.node'),
    ],
    ['a library of MinGW', true, () => Promise.resolve(join(folder, 'python315.dll'))],
  ];
  for (const [name, is64, find] of files) {
    test(`${name} is read as the compiler's own tool reads it`, async () => {
      const path = await find();
      const image = bufferImage(await readFile(path));
      assert.equal(readPe(image)?.is64, is64);
      const expected = await sectionsByTool(path);
      assert.ok(expected.length > 3, 'sections');
      assert.deepEqual(
        peSections(image).map((section) => [section.name, section.address, section.offset]),
        expected,
      );
      const exported = await exportsByTool(path);
      assert.ok(exported.length > 0, 'exports');
      const step = Math.ceil(exported.length / SAMPLES);
      for (const [symbol, address] of exported.filter((_, index) => index % step === 0)) {
        assert.equal(findExport(image, symbol), address, symbol);
        assert.equal(
          withImageFile(path, (file) => findExport(file, symbol)),
          address,
          `${symbol}, piece by piece`,
        );
      }
      assert.equal(findExport(image, 'no_such_symbol'), undefined);
    });
  }

  test('the Python in a file is found, and its version', () => {
    const found = (name: string): string | undefined =>
      withImageFile(join(folder, name), pythonInFile)?.version?.text;
    assert.deepEqual(['python315.dll', 'server.exe', 'old/python311.dll', 'python.exe'].map(found), [
      '3.15.2',
      '3.15.2',
      '3.11.9',
      undefined,
    ]);
  });

  test('a library for ARM64 is read, too', async () => {
    const path = join(await koffiFor('win32-arm64'), 'win32_arm64', 'koffi.node');
    const image = bufferImage(await readFile(path));
    assert.equal(readPe(image)?.machine, 0xaa64);
    const entry = findExport(image, 'napi_register_module_v1');
    const code = peSections(image).find((section) => section.name === '.text');
    assert.ok(entry && code && entry >= code.address && entry < code.address + code.size);
  });
});
