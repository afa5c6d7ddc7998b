import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { before, describe, it } from 'node:test';
import ts from 'typescript';

const SRC = path.join(__dirname, '..', '..', 'src');

/** What each part may import besides itself. */
const ARROWS: Record<string, string[]> = {
  common: [],
  inject: ['common'],
  adapter: ['inject', 'common'],
  ui: ['adapter', 'inject', 'common'],
  cli: ['adapter', 'inject', 'common'],
  extension: ['ui', 'adapter', 'inject', 'common'],
};

/** Who may import which package; Node's own modules are free to all. */
const PACKAGES: Record<string, (file: string) => boolean> = {
  vscode: (file) => file === 'extension.ts' || file.startsWith('ui/'),
  koffi: (file) => file === 'inject/os/native.ts',
  '@vscode/debugadapter': (file) => file.startsWith('adapter/') || file.startsWith('ui/'),
  '@vscode/debugprotocol': () => true,
};

interface Import {
  /** Relative to `src`, with slashes. */
  file: string;
  /** As written. */
  specifier: string;
}

function partOf(file: string): string {
  return file.split('/')[0]!.replace(/\.ts$/, '');
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Why an import is not allowed; undefined if it is. */
function objection({ file, specifier }: Import): string | undefined {
  if (specifier.startsWith('.')) {
    const to = partOf(path.posix.join(path.posix.dirname(file), specifier.replace(/\.js$/, '')));
    const from = partOf(file);
    if (from === to || ARROWS[from]?.includes(to)) return undefined;
    return `${file}: ${from} must not import ${to} (${specifier})`;
  }
  if (specifier.startsWith('node:')) return undefined;
  const rule = PACKAGES[packageOf(specifier)];
  if (!rule) return `${file}: ${specifier} is none of the project's dependencies`;
  return rule(file) ? undefined : `${file}: ${specifier} has no business here`;
}

async function importsOf(file: string): Promise<Import[]> {
  const text = await readFile(path.join(SRC, file), 'utf8');
  return ts
    .preProcessFile(text, true, true)
    .importedFiles.map(({ fileName }) => ({ file, specifier: fileName }));
}

describe('imports', () => {
  let files: string[];
  let imports: Import[];
  before(async () => {
    const names = await readdir(SRC, { recursive: true });
    files = names.filter((name) => name.endsWith('.ts')).map((name) => name.split(path.sep).join('/'));
    imports = (await Promise.all(files.map(importsOf))).flat();
  });

  it('are found in every part', () => {
    const parts = new Set(imports.map(({ file }) => partOf(file)));
    assert.deepEqual(
      Object.keys(ARROWS)
        .filter((part) => !parts.has(part))
        .sort(),
      [],
    );
    assert.deepEqual(
      [...parts].filter((part) => !ARROWS[part]),
      [],
    );
  });

  it('run one way, and packages are used where they belong', () => {
    assert.deepEqual(imports.map(objection).filter(Boolean), []);
  });

  it('lead to files', () => {
    const missing = imports.filter(({ file, specifier }) => {
      const to = path.join(SRC, path.dirname(file), specifier.replace(/\.js$/, ''));
      return (
        specifier.startsWith('.') && ![`${to}.ts`, path.join(to, 'index.ts')].some((each) => existsSync(each))
      );
    });
    assert.deepEqual(missing, []);
  });

  it('would be refused in the wrong direction', () => {
    const wrong: Import[] = [
      { file: 'common/log.ts', specifier: '../inject/types' },
      { file: 'inject/attach.ts', specifier: '../adapter/session.js' },
      { file: 'adapter/session.ts', specifier: '../ui/picker' },
      { file: 'adapter/session.ts', specifier: 'vscode' },
      { file: 'inject/os/linux.ts', specifier: 'koffi' },
      { file: 'ui/picker.ts', specifier: '../cli' },
      { file: 'ui/picker.ts', specifier: 'lodash/get' },
    ];
    assert.deepEqual(
      wrong.filter((each) => !objection(each)),
      [],
    );
  });
});
