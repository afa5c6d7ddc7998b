import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { attachArguments } from '../../src/adapter/arguments';
import {
  ACTIVATION_EVENTS,
  commandIds,
  contributes,
  MENUS,
  ROW_STATES,
} from '../../src/common/contributions';
import { ATTACH_PROPERTIES, ATTACH_SNIPPETS, PICK_VARIABLE } from '../../src/common/launchSchema';

const ROOT = path.join(__dirname, '..', '..');

describe('the manifest', () => {
  let manifest: Record<string, unknown>;
  before(async () => {
    manifest = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8')) as typeof manifest;
  });

  it('is what the typed constants say', () => {
    assert.deepEqual(manifest['contributes'], JSON.parse(JSON.stringify(contributes())));
    assert.deepEqual(manifest['activationEvents'], ACTIVATION_EVENTS);
  });

  it('passes its own check', async () => {
    await promisify(execFile)(process.execPath, ['scripts/manifest.mjs', '--check'], { cwd: ROOT });
  });

  it('names only pictures that exist', () => {
    const text = JSON.stringify(manifest);
    const pictures = [...text.matchAll(/"(media\/[^"]+)"/g)].map((match) => match[1]!);
    assert.ok(pictures.length >= 2, 'the extension and its view have icons');
    for (const picture of pictures) assert.ok(existsSync(path.join(ROOT, picture)), picture);
  });
});

describe('the commands', () => {
  it('that the sources name are contributed, and the other way round', async () => {
    const named = new Set((await sources()).flatMap(commandsIn));
    assert.deepEqual([...named].sort(), commandIds().sort());
  });

  it('in menus exist', () => {
    const known = new Set<string>(commandIds());
    for (const item of Object.values(MENUS).flat()) assert.ok(known.has(item.command), item.command);
  });

  it('that cannot do without a row stay out of the palette', () => {
    const hidden = MENUS['commandPalette']!.map((item) => item.command);
    assert.deepEqual(
      commandIds().filter((command) => !hidden.includes(command)),
      ['pylatch.attach', 'pylatch.explain'],
    );
  });

  it('offered on rows ask for a state that rows have', () => {
    const patterns = MENUS['view/item/context']!.map((item) => /viewItem (=~|==) (.+)$/.exec(item.when!)!);
    for (const [whole, operator, value] of patterns) {
      const fits = (state: string): boolean =>
        operator === '==' ? state === value : new RegExp(value!.slice(1, -1)).test(state);
      assert.ok(Object.values(ROW_STATES).some(fits), whole);
    }
  });
});

describe('the schema of an attach', () => {
  const withDefault = Object.entries(ATTACH_PROPERTIES).filter(([, schema]) => 'default' in schema);

  it('tells the defaults that the adapter uses', () => {
    const defaults = Object.fromEntries(
      withDefault.map(([name, schema]) => [name, (schema as { default: unknown }).default]),
    );
    assert.deepEqual(attachArguments({ ...defaults, pid: 1 }), attachArguments({ pid: 1 }));
  });

  it('describes every property', () => {
    for (const [name, schema] of Object.entries(ATTACH_PROPERTIES)) {
      assert.ok(schema.markdownDescription.endsWith('.'), name);
    }
  });

  it('knows what the snippets use, and they insert the variable as it is', () => {
    const known = [...Object.keys(ATTACH_PROPERTIES), 'name', 'type', 'request'];
    for (const { body } of ATTACH_SNIPPETS) {
      for (const key of Object.keys(body)) assert.ok(known.includes(key), key);
    }
    assert.equal(ATTACH_SNIPPETS[0]!.body.pid, `^"\\${PICK_VARIABLE}"`);
  });
});

async function sources(): Promise<string[]> {
  const folder = path.join(ROOT, 'src', 'ui');
  const files = await readdir(folder);
  return Promise.all(files.map((file) => readFile(path.join(folder, file), 'utf8')));
}

function commandsIn(source: string): string[] {
  return [
    ...source.matchAll(/'(pylatch\.(?:attach|explain|instrumentation|pickProcess|processes\.\w+))'/g),
  ].map((match) => match[1]!);
}
