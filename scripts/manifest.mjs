// Writes `contributes` and `activationEvents` of package.json from src/common/contributions.ts.
// With --check it writes nothing and fails when package.json is not what it would write.
import { readFile, writeFile } from 'node:fs/promises';
import { format } from 'prettier';
import { tsImport } from 'tsx/esm/api';

const manifestFile = new URL('../package.json', import.meta.url);
const { contributes, ACTIVATION_EVENTS } = await tsImport('../src/common/contributions.ts', import.meta.url);

const before = await readFile(manifestFile, 'utf8');
const manifest = { ...JSON.parse(before), activationEvents: ACTIVATION_EVENTS, contributes: contributes() };
const after = await format(JSON.stringify(manifest), { parser: 'json-stringify' });

if (process.argv.includes('--check')) {
  if (before !== after) {
    console.error('package.json does not fit src/common/contributions.ts: run node scripts/manifest.mjs');
    process.exitCode = 1;
  }
} else if (before !== after) {
  await writeFile(manifestFile, after);
}
