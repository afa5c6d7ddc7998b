import type { ChildProcess } from 'node:child_process';
import { execFile, spawn } from 'node:child_process';
import { closeSync, copyFileSync, openSync, readFileSync, realpathSync } from 'node:fs';
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import type { Duplex } from 'node:stream';
import { promisify } from 'node:util';

/** A program of several files. Its main file imports `gate` from the module `gate`, and calls it. */
export interface Program {
  /** Text by path below the program's folder; `app.zip/package/module.py` is a member of an archive. */
  files: Record<string, string>;
  /** Symbolic links below the folder: where, and what they contain. */
  links?: Record<string, string>;
  /** Arguments of the interpreter, for example `['-m', 'package.tool']`; the first file by default. */
  run?: string[];
  /** Working folder, below the program's; that itself by default. */
  cwd?: string;
  env?: Record<string, string>;
}

export interface Place {
  /** Absolute path. */
  path: string;
  /** From 1. */
  line: number;
}

const MARKER = /#@([\w-]+)\s*$/;
const MEMBER = /^(.*?\.zip)\/(.*)$/;

/** A program in one file: a first line that brings `gate`; and where nothing calls its `main`, both are called. */
export function asProgram(program: string | Program): Program {
  if (typeof program !== 'string') return program;
  const calls = /^gate\(\)/m.test(program) || !/^def main\(/m.test(program);
  const end = calls ? '' : '\n\ngate()\nmain()\n';
  return { files: { 'main.py': `from gate import gate${program}${end}` } };
}

/** The files of a program in a folder of their own. */
export class Files {
  private constructor(
    private readonly root: string,
    readonly program: Program,
  ) {}

  /** @param python makes the archives */
  static async write(program: Program, python: string): Promise<Files> {
    const root = await realpath(await mkdtemp(join(tmpdir(), 'scenario-')));
    const files = new Files(root, program);
    for (const [name, text] of Object.entries(program.files)) await put(files.unpacked(name), text);
    for (const zip of files.archives()) await pack(python, join(root, 'zips', zip), join(files.folder, zip));
    for (const [name, content] of Object.entries(program.links ?? {}))
      await symlink(content, join(files.folder, name));
    return files;
  }

  get folder(): string {
    return join(this.root, 'program');
  }

  get outputFile(): string {
    return join(this.root, 'output');
  }

  get errorsFile(): string {
    return join(this.root, 'errors');
  }

  /** Folder with the module `gate`. */
  async gateFolder(): Promise<string> {
    const folder = join(this.root, 'gate');
    await mkdir(folder);
    copyFileSync(join(__dirname, 'gate.py'), join(folder, 'gate.py'));
    return folder;
  }

  /** @param at `marker`, `marker+1`, `marker-1`, or `file.py:12` */
  place(at: string): Place {
    const line = /^(.+):(\d+)$/.exec(at);
    if (line) return { path: join(this.folder, line[1]!), line: Number(line[2]) };
    const [, marker = at, offset = '0'] = /^(.*?)([+-]\d+)?$/.exec(at) ?? [];
    for (const [name, text] of Object.entries(this.program.files)) {
      const index = text.split('\n').findIndex((each) => MARKER.exec(each)?.[1] === marker);
      if (index >= 0) return { path: join(this.folder, name), line: index + 1 + Number(offset) };
    }
    throw new Error(`no line ends with #@${marker}`);
  }

  /** `@marker`, the line's text in quotes where it has none, or the file's name for files of others. */
  describe(path: string | undefined, line: number): string {
    const name = relative(this.folder, real(path ?? ''));
    const text = this.program.files[name]?.split('\n')[line - 1];
    if (text === undefined) return `(${basename(path ?? 'no source')})`;
    const marker = MARKER.exec(text)?.[1];
    return marker === undefined ? `'${text.trim()}'` : `@${marker}`;
  }

  async remove(): Promise<void> {
    await rm(this.root, { recursive: true, force: true });
  }

  private unpacked(name: string): string {
    const member = MEMBER.exec(name);
    return member ? join(this.root, 'zips', member[1]!, member[2]!) : join(this.folder, name);
  }

  private archives(): Set<string> {
    return new Set(Object.keys(this.program.files).flatMap((name) => MEMBER.exec(name)?.[1] ?? []));
  }
}

async function put(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

async function pack(python: string, folder: string, zip: string): Promise<void> {
  await mkdir(dirname(zip), { recursive: true });
  const script = 'import shutil, sys; shutil.make_archive(sys.argv[1], "zip", sys.argv[2])';
  await promisify(execFile)(python, ['-c', script, zip.replace(/\.zip$/, ''), folder]);
}

/** Members of archives have paths that do not exist. */
function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** A running program. What it prints goes to a file: what it printed before it stopped is there for sure. */
export class Running {
  private readonly pipe: Duplex;
  private readonly closed: Promise<void>;
  private waiting = 0;
  private watcher: () => void = () => undefined;
  private read = 0;
  /** Exit code or the name of the signal, once the process has ended. */
  exit: number | string | undefined;

  private constructor(
    private readonly child: ChildProcess,
    readonly files: Files,
  ) {
    this.pipe = child.stdio[3] as Duplex;
    this.pipe.on('data', (chunk: Buffer) => {
      this.waiting += chunk.length;
      this.watcher();
    });
    this.pipe.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.exit = code ?? signal ?? undefined;
        this.watcher();
        resolve();
      });
    });
  }

  /** Starts it, and waits until it has come to its gate. */
  static async start(program: Program, python: string): Promise<Running> {
    const files = await Files.write(program, python);
    const env = { ...process.env, ...program.env, PYTHONPATH: await files.gateFolder() };
    const [output, errors] = [openSync(files.outputFile, 'w'), openSync(files.errorsFile, 'w')];
    const child = spawn(python, program.run ?? [Object.keys(program.files)[0]!], {
      cwd: join(files.folder, program.cwd ?? '.'),
      env,
      stdio: ['ignore', output, errors, 'pipe'],
    });
    for (const fd of [output, errors]) closeSync(fd);
    const running = new Running(child, files);
    await running.atGate().catch(async (error: Error) => {
      await running.kill();
      throw error;
    });
    return running;
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Lets the program out of the gate, once it is in. */
  async open(): Promise<void> {
    await this.atGate();
    this.waiting--;
    this.pipe.write('.');
  }

  /** Resolves when the process has ended. */
  ended(): Promise<void> {
    return this.closed;
  }

  /** What it has printed since the last call. */
  printed(): string {
    const text = readFileSync(this.files.outputFile, 'utf8');
    const news = text.slice(this.read);
    this.read = text.length;
    return news;
  }

  /** What it has printed as errors. */
  errors(): string {
    return readFileSync(this.files.errorsFile, 'utf8');
  }

  async kill(): Promise<void> {
    if (this.exit === undefined) this.child.kill('SIGKILL');
    await this.closed;
    this.pipe.destroy();
    await this.files.remove();
  }

  private async atGate(): Promise<void> {
    while (this.waiting === 0) {
      if (this.exit !== undefined) throw new Error(`the program ended (${this.exit}):\n${this.errors()}`);
      await new Promise<void>((resolve) => (this.watcher = resolve));
    }
  }
}
