/** What a person would call a Python process, from its command line. */
import { basename, isAbsolute } from 'node:path';
import { printable } from '../common/printable';

/** How the interpreter was called: what it runs, and what is left for that program. */
export interface PythonCommand {
  runs: 'script' | 'module' | 'code' | 'nothing';
  /** The script's path, the module's name, or the program text. */
  what: string;
  args: string[];
  /** Started with `-X disable-remote-debug`. */
  switchedOff: boolean;
  /** Ignores the environment's variables (`-E`, `-I`). */
  ignoresEnvironment: boolean;
}

const SWITCH_OFF = /^disable-remote-debug(=|$)/;
const MAX_LABEL = 120;
const INTERPRETER = /^(?:python|pypy)[\w.-]*$/i;
const LOADER = /^ld(?:-linux|-musl|64|\.so)/;

/** What the processes that libraries start for a program are for, by the text that they run. */
const WORKERS: [pattern: RegExp, role: string][] = [
  [/^from multiprocessing\.spawn import/, 'multiprocessing worker'],
  [/^(?:import sys; )?from multiprocessing\.forkserver import/, 'multiprocessing forkserver'],
  [/^from multiprocessing\.resource_tracker import/, 'multiprocessing resource tracker'],
  [/^import sys;exec\(eval\(sys\.stdin\.readline\(\)\)\)$/, 'execnet worker'],
];
const WORKER_MODULE = /^joblib\.externals\.loky\.backend\.popen_loky_/;
const KERNEL_MODULE = /^ipykernel(?:_launcher)?$/;

/** Tools that are known by their name alone. */
const TOOLS = new Set(
  (
    'airflow alembic celery daphne django-admin dramatiq fastapi flask gunicorn hypercorn jupyter mkdocs ' +
    'prefect pytest rq scrapy streamlit tox uvicorn waitress-serve'
  ).split(' '),
);
/** Those of which it takes two words to say what they do: `streamlit run app.py`. */
const WORDY = new Set(['airflow', 'alembic', 'fastapi', 'prefect', 'scrapy', 'streamlit']);
/** Options that take no value, of tools whose first word may follow them. */
const FLAG = /^-(?:[vqxs]+|-debug|-reload|-verbose|-quiet|-pdb|-no-[\w-]+)$/;
/** `module:app`, as servers take it. */
const APPLICATION = /^[\w.]+:\w+(\(.*\))?$/;

/** Reads the arguments as CPython does (its `getopt.c`): options, then `-c`, `-m` or a script. */
export function parsePythonCommand(argv: string[]): PythonCommand {
  const command: PythonCommand = {
    runs: 'nothing',
    what: '',
    args: [],
    switchedOff: false,
    ignoresEnvironment: false,
  };
  for (let at = 1; at < argv.length; at++) {
    const arg = argv[at] ?? '';
    if (arg === '-' || !arg.startsWith('-'))
      return { ...command, runs: 'script', what: arg, args: argv.slice(at + 1) };
    if (arg === '--check-hash-based-pycs') at++;
    if (arg.startsWith('--')) continue;
    const option = readCluster(arg, argv[at + 1] ?? '', command);
    if (option.next) at++;
    if (option.runs) return { ...command, runs: option.runs, what: option.value, args: argv.slice(at + 1) };
  }
  return command;
}

interface ClusterEnd {
  runs?: 'module' | 'code';
  value: string;
  /** The value was the next argument. */
  next: boolean;
}

/** One argument may hold several letters; one that takes a value takes the rest, or the next argument. */
function readCluster(arg: string, following: string, command: PythonCommand): ClusterEnd {
  for (let at = 1; at < arg.length; at++) {
    const letter = arg.charAt(at);
    if (letter === 'E' || letter === 'I') command.ignoresEnvironment = true;
    if (!'XWcm'.includes(letter)) continue;
    const rest = arg.slice(at + 1);
    const value = rest === '' ? following : rest;
    if (letter === 'X' && SWITCH_OFF.test(value)) command.switchedOff = true;
    const end = { value, next: rest === '' };
    if (letter === 'c') return { ...end, runs: 'code' };
    return letter === 'm' ? { ...end, runs: 'module' } : end;
  }
  return { value: '', next: false };
}

/** What the label is made of. */
export interface Labelled {
  pid: number;
  commandLine: string[];
  /** Stands in for a command line that is hidden. */
  executable?: string;
  /** The notebook that a Jupyter kernel serves. */
  notebook?: string;
}

/**
 * The command line's meaning, where a Python interpreter was called; undefined for a program that embeds Python,
 * whose arguments have a meaning of their own. An interpreter under another name is known by what it was given.
 */
export function pythonCommand({ commandLine, executable }: Labelled): PythonCommand | undefined {
  const argv = withoutLoader(commandLine);
  const command = parsePythonCommand(argv);
  return isInterpreter(argv, executable) || isPythonText(command) ? command : undefined;
}

function isInterpreter(argv: string[], executable: string | undefined): boolean {
  return [argv[0], executable].some((path) => path !== undefined && INTERPRETER.test(basename(path)));
}

/** A program that was started through the dynamic loader: what counts begins with the interpreter. */
function withoutLoader(argv: string[]): string[] {
  if (!LOADER.test(basename(argv[0] ?? ''))) return argv;
  const at = argv.findIndex((argument) => INTERPRETER.test(basename(argument)));
  return at < 0 ? argv : argv.slice(at);
}

function isPythonText({ runs, what }: PythonCommand): boolean {
  if (runs === 'script') return /\.py[wz]?$/.test(what);
  if (runs === 'module') return /^[A-Za-z_]\w*(\.\w+)*$/.test(what);
  return runs === 'code' && /\bimport\b|[(;\n]/.test(what);
}

/**
 * The label of a process in lists: `app.py`, `-m http.server`, `gunicorn shop:app`. Never empty.
 * @param command the command line's meaning, for the Python interpreter itself; not for programs that embed it
 */
export function processLabel(labelled: Labelled, command: PythonCommand | undefined): string {
  const label = oneLine(fullLabel(labelled, command));
  return label === '' ? `process ${labelled.pid}` : label;
}

/** On one line, and no longer than a list can show. */
function oneLine(text: string): string {
  const line = printable(text.replace(/\s+/g, ' ').trim());
  return line.length > MAX_LABEL ? `${line.slice(0, MAX_LABEL - 3)}...` : line;
}

/** What a process is for that a library has started to work for its parent; undefined for all others. */
export function workerRole({ runs, what }: PythonCommand): string | undefined {
  if (runs === 'module' && WORKER_MODULE.test(what)) return 'loky worker';
  return runs === 'code' ? WORKERS.find(([pattern]) => pattern.test(what))?.[1] : undefined;
}

function fullLabel(labelled: Labelled, command: PythonCommand | undefined): string {
  const { executable } = labelled;
  const argv = withoutLoader(labelled.commandLine);
  const program = basename(argv[0] ?? executable ?? '');
  // A program that has set its own title ("gunicorn: worker [shop]") has put it all into one argument.
  if (argv.length === 1 && argv[0]?.includes(' ') === true) return argv[0];
  if (command === undefined) return toolLabel(program, argv.slice(1));
  const label = commandLabel(command, labelled, program);
  return isInterpreter(argv, executable) || label.startsWith(program) ? label : `${program} ${label}`;
}

function commandLabel(command: PythonCommand, labelled: Labelled, program: string): string {
  switch (command.runs) {
    case 'script':
      return scriptLabel(command, program);
    case 'module':
      return workerRole(command) ?? moduleLabel(command, labelled);
    case 'code':
      return workerRole(command) ?? codeLabel(command.what, program);
    case 'nothing':
      return program;
  }
}

function scriptLabel({ what, args }: PythonCommand, program: string): string {
  if (what === '-') return `${program} (from stdin)`;
  const name = basename(what);
  const parent = basename(what.slice(0, -name.length - 1));
  if (name === '__main__.py' && parent !== '') return TOOLS.has(parent) ? toolLabel(parent, args) : parent;
  // A script of one's own says enough; a tool's says little without what it works on.
  if (/\.py[wz]?$/.test(name) && name !== 'manage.py') return name;
  const [tool = '', subcommand] = name.split('-');
  return tool === 'jupyter' && subcommand !== undefined ? `jupyter ${subcommand}` : toolLabel(name, args);
}

function moduleLabel({ what, args }: PythonCommand, { notebook }: Labelled): string {
  if (KERNEL_MODULE.test(what)) return notebook ? `notebook ${basename(notebook)}` : 'Jupyter kernel';
  return toolLabel(TOOLS.has(what) ? what : `-m ${what}`, args);
}

function codeLabel(code: string, program: string): string {
  const first = code.split('\n').find((line) => line.trim() !== '') ?? '';
  return `${program} -c ${first.trim()}`;
}

/** The arguments that tell two runs of a tool apart: `module:app`, or else its first words. */
function toolLabel(name: string, args: string[]): string {
  const application = args.find((arg) => APPLICATION.test(arg));
  const words =
    application === undefined ? plainWords(args).slice(0, WORDY.has(name) ? 2 : 1) : [application];
  // The application of Celery is an option, which comes before the command.
  const app = name === 'celery' && ['-A', '--app'].includes(args[0] ?? '') ? args.slice(0, 2) : [];
  return [name, ...app, ...words.map((word) => (isAbsolute(word) ? basename(word) : word))].join(' ');
}

/** The arguments that are neither options nor, as far as can be told, their values. */
function plainWords(args: string[]): string[] {
  return args.filter((arg, at) => {
    const before = args[at - 1] ?? '';
    return !arg.startsWith('-') && (FLAG.test(before) || !/^-[^=]*$/.test(before));
  });
}
