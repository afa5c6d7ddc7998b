import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { before, describe, it } from 'node:test';

const ROOT = path.join(__dirname, '..', '..');

interface LockFile {
  packages: Record<string, { version?: string; integrity?: string; resolved?: string; link?: boolean }>;
}

const FILES = ['package-lock.json', 'test/workbench/package-lock.json', 'bench/package-lock.json'];

describe('lock files', () => {
  let locks: { name: string; text: string; lock: LockFile }[];
  before(async () => {
    locks = await Promise.all(
      FILES.filter((name) => existsSync(path.join(ROOT, name))).map(async (name) => {
        const text = await readFile(path.join(ROOT, name), 'utf8');
        return { name, text, lock: JSON.parse(text) as LockFile };
      }),
    );
  });

  it('exist', () => {
    assert.ok(locks.some(({ name }) => name === 'package-lock.json'));
  });

  // An address would tie an installation to the registry of the machine on which the file was written.
  it('name no download address', () => {
    for (const { name, lock } of locks) {
      const addressed = Object.entries(lock.packages).filter(([, { resolved }]) =>
        /^\w+:\/\//.test(resolved ?? ''),
      );
      assert.deepEqual(
        addressed.map(([each]) => each),
        [],
        name,
      );
    }
  });

  it('fix the content of every package', () => {
    for (const { name, lock } of locks) {
      const fetched = Object.entries(lock.packages).filter(
        ([each, { link }]) => each.includes('node_modules/') && !link,
      );
      const loose = fetched.filter(([, { integrity }]) => !integrity?.startsWith('sha'));
      assert.deepEqual(
        loose.map(([each]) => each),
        [],
        name,
      );
    }
  });
});
