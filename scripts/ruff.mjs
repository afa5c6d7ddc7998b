// Lints and formats the project's Python files by Ruff's WebAssembly build: no Python and no binary is needed.
//   node scripts/ruff.mjs [--fix] [file...]
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PositionEncoding, Workspace } from '@astral-sh/ruff-wasm-nodejs';

const ROOT = path.join(import.meta.dirname, '..');
const FOLDERS = ['src/agent', 'scripts', 'test', 'bench'];
const FOREIGN = new Set(['node_modules', '__pycache__', 'results']);
const SETTINGS = {
  'line-length': 120,
  'indent-width': 4,
  'target-version': 'py314',
  format: { 'indent-style': 'space', 'quote-style': 'single' },
  lint: {
    select: ['E', 'F', 'W', 'I', 'B', 'UP', 'SIM'],
    // The agent takes nothing into the target that it can do without, so it has no contextlib.suppress.
    ignore: ['SIM105'],
  },
};
// Import order is the one finding whose fix is always safe to apply.
const SORT_IMPORTS = 'I001';

const workspace = new Workspace(SETTINGS, PositionEncoding.Utf16);
const fix = process.argv.includes('--fix');
const given = process.argv.slice(2).filter((arg) => !arg.startsWith('-'));
const files = given.length > 0 ? given : (await Promise.all(FOLDERS.map(pythonFiles))).flat();
const problems = (await Promise.all(files.map(checkFile))).flat();
for (const problem of problems) console.log(problem);
console.log(`ruff: ${files.length} files, ${problems.length} problems`);
process.exitCode = problems.length > 0 ? 1 : 0;

async function pythonFiles(folder) {
  if (!existsSync(path.join(ROOT, folder))) return [];
  const entries = await readdir(path.join(ROOT, folder), { withFileTypes: true });
  const found = entries.map((entry) => {
    const name = path.join(folder, entry.name);
    if (entry.isDirectory()) return FOREIGN.has(entry.name) ? [] : pythonFiles(name);
    return entry.name.endsWith('.py') ? [path.join(ROOT, name)] : [];
  });
  return (await Promise.all(found)).flat();
}

async function checkFile(file) {
  const name = path.relative(ROOT, file);
  const before = await readFile(file, 'utf8');
  try {
    const text = fix ? workspace.format(sortImports(before)) : before;
    if (text !== before) await writeFile(file, text);
    const findings = workspace.check(text).map((finding) => describe(name, finding));
    return workspace.format(text) === text ? findings : [...findings, `${name}: not formatted`];
  } catch (error) {
    return [`${name}: ${error}`];
  }
}

function describe(name, { code, message, start_location: at }) {
  return `${name}:${at.row}:${at.column}: ${code ?? 'syntax'} ${message}`;
}

function sortImports(text) {
  const edits = workspace
    .check(text)
    .filter(({ code, fix }) => code === SORT_IMPORTS && fix)
    .flatMap(({ fix }) => fix.edits)
    .map(({ content, location, end_location: end }) => [
      offset(text, location),
      offset(text, end),
      content ?? '',
    ]);
  edits.sort(([a], [b]) => b - a);
  return edits.reduce((done, [from, to, content]) => done.slice(0, from) + content + done.slice(to), text);
}

function offset(text, { row, column }) {
  const before = text.split('\n').slice(0, row - 1);
  return before.reduce((sum, line) => sum + line.length + 1, 0) + column - 1;
}
