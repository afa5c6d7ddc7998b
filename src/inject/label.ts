/** What a person would call a Python process, from its command line. */
import { basename } from 'node:path';

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

const MULTIPROCESSING = /^from multiprocessing\.(\w+) import/;
const SWITCH_OFF = /^disable-remote-debug(=|$)/;
const MAX_LABEL = 120;

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
}

/**
 * The label of a process in lists: `app.py`, `-m http.server`, `gunicorn shop:app`. Never empty.
 * @param command the command line's meaning, for the Python interpreter itself; not for programs that embed it
 */
export function processLabel(labelled: Labelled, command: PythonCommand | undefined): string {
  const label = fullLabel(labelled, command).replace(/\s+/g, ' ').trim();
  const named = label === '' ? `process ${labelled.pid}` : label;
  return named.length > MAX_LABEL ? `${named.slice(0, MAX_LABEL - 3)}...` : named;
}

function fullLabel({ commandLine: argv, executable }: Labelled, command: PythonCommand | undefined): string {
  const program = basename(argv[0] ?? executable ?? '');
  // A program that has set its own title ("gunicorn: worker [shop]") has put it all into one argument.
  if (argv.length === 1 && argv[0]?.includes(' ') === true) return argv[0];
  if (command === undefined) return withMainArgument(program, argv.slice(1));
  switch (command.runs) {
    case 'script':
      return scriptLabel(command, program);
    case 'module':
      return withMainArgument(`-m ${command.what}`, command.args);
    case 'code':
      return codeLabel(command.what, program);
    case 'nothing':
      return program;
  }
}

function scriptLabel({ what, args }: PythonCommand, program: string): string {
  if (what === '-') return `${program} (from stdin)`;
  const name = basename(what);
  const parent = basename(what.slice(0, -name.length - 1));
  if (name === '__main__.py' && parent !== '') return parent;
  // A script of one's own says enough; a tool's says little without what it works on.
  return name.endsWith('.py') && name !== 'manage.py' ? name : withMainArgument(name, args);
}

function codeLabel(code: string, program: string): string {
  const worker = MULTIPROCESSING.exec(code)?.[1];
  if (worker !== undefined)
    return `multiprocessing ${worker === 'spawn' ? 'worker' : worker.replace('_', ' ')}`;
  const first = code.split('\n').find((line) => line.trim() !== '') ?? '';
  return `${program} -c ${first.trim()}`;
}

/** The argument that tells two runs of a tool apart: `module:app`, or else the first that is no option's value. */
function withMainArgument(name: string, args: string[]): string {
  const main =
    args.find((arg) => /^[\w.]+:\w+(\(.*\))?$/.test(arg)) ??
    args.find((arg, at) => !arg.startsWith('-') && !/^-[^=]*$/.test(args[at - 1] ?? ''));
  return main === undefined ? name : `${name} ${main}`;
}
