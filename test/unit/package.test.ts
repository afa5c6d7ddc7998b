import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { readZip } from '../support/zip';

const ROOT = path.join(__dirname, '..', '..');
const OWN = `${process.platform}-${process.arch}`;
const FOREIGN = OWN === 'win32-x64' ? 'linux-x64' : 'win32-x64';

const NEEDED = [
  'extension/package.json',
  'extension/readme.md',
  'extension/changelog.md',
  'extension/LICENSE.txt',
  'extension/dist/extension.js',
  'extension/dist/adapter.js',
  'extension/dist/cli.js',
  'extension/dist/third-party-licenses.txt',
  'extension/dist/agent/stub.py',
  'extension/dist/agent/agent.src',
  'extension/dist/agent/agent-3.14.bin',
  'extension/dist/agent/agent-3.15.bin',
];

/** Everything else that a package may hold. */
const ALLOWED = [
  /^extension\.vsixmanifest$/,
  /^\[Content_Types\]\.xml$/,
  /^extension\/media\/[^/]+\.(svg|png)$/,
  /^extension\/dist\/node_modules\/@koromix\/koffi-[^/]+\//,
];

async function pack(target: string, out: string): Promise<Map<string, Buffer>> {
  await promisify(execFile)(process.execPath, ['scripts/package.mjs', '--target', target, '--out', out], {
    cwd: ROOT,
    maxBuffer: 1 << 24,
  });
  const name = (await readdir(out)).find((each) => each.endsWith(`-${target}.vsix`));
  assert.ok(name, `a package for ${target}`);
  return readZip(path.join(out, name));
}

for (const target of [OWN, FOREIGN]) {
  describe(`the package for ${target}`, () => {
    let out: string;
    let files: Map<string, Buffer>;
    before(async () => {
      out = await mkdtemp(path.join(tmpdir(), 'pylatch-package-'));
      files = await pack(target, out);
    });
    after(() => rm(out, { recursive: true, force: true }));

    const text = (name: string): string => files.get(name)?.toString() ?? '';

    it('has what it needs', () => {
      assert.deepEqual(
        NEEDED.filter((name) => !files.get(name)?.length),
        [],
      );
    });

    it('has nothing else', () => {
      const rest = [...files.keys()].filter((name) => !NEEDED.includes(name));
      assert.deepEqual(
        rest.filter((name) => name.endsWith('.map') || !ALLOWED.some((pattern) => pattern.test(name))),
        [],
      );
    });

    it('has the addon for its target, and for no other', () => {
      const addons = [...files.keys()].filter((name) => name.endsWith('.node'));
      const [system, processor] = target.split('-') as [string, string];
      const wanted =
        system === 'linux' ? [`linux_${processor}`, `musl_${processor}`] : [`${system}_${processor}`];
      assert.deepEqual(addons.map((name) => name.split('/').at(-2)).sort(), wanted);
    });

    it('is marked with its target', () => {
      assert.match(text('extension.vsixmanifest'), new RegExp(`TargetPlatform="${target}"`));
    });

    it('holds the manifest of the project', async () => {
      const packed = JSON.parse(text('extension/package.json')) as Record<string, unknown>;
      const own = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8')) as typeof packed;
      assert.deepEqual(packed['contributes'], own['contributes']);
      assert.equal(packed['main'], './dist/extension.js');
    });

    it('passes on the licences of the code that it bundles', () => {
      const licences = text('extension/dist/third-party-licenses.txt');
      for (const name of ['koffi', '@vscode/debugadapter'])
        assert.match(licences, new RegExp(`^${name}$`, 'm'));
    });
  });
}
