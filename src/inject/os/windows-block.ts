/**
 * What a process was started with: its process environment block (PEB) and the `RTL_USER_PROCESS_PARAMETERS` behind
 * it, in the 64-bit layout that has stood since Windows Vista.
 */
import type { Handle, WindowsNative } from './windows-native';

export interface StartParameters {
  commandLine: string;
  cwd: string;
  /** By their names in upper case: Windows makes no difference. */
  environment: ReadonlyMap<string, string>;
}

const BASIC_INFORMATION = 0;
const COMMAND_LINE_INFORMATION = 60;
const AT = {
  peb: 8,
  parameters: 0x20,
  cwd: 0x38,
  commandLine: 0x70,
  environment: 0x80,
  environmentSize: 0x3f0,
};
const PARAMETERS_SIZE = 0x400;
/** `UNICODE_STRING`, the longest text that it can have, and a NUL. */
const COMMAND_LINE_SIZE = 16 + 0x10000;
const MAX_ENVIRONMENT = 0x100000;

/** Undefined where the process's memory cannot be read. */
export function startParameters(native: WindowsNative, process: Handle): StartParameters | undefined {
  const basic = Buffer.alloc(48);
  if (!native.queryProcess(process, BASIC_INFORMATION, basic)) return undefined;
  const read = (address: bigint, length: number): Buffer | undefined => {
    const bytes = Buffer.alloc(length);
    return 'value' in native.readMemory(process, Number(address), bytes) ? bytes : undefined;
  };
  const peb = read(basic.readBigUInt64LE(AT.peb), AT.parameters + 8);
  const parameters = peb && read(peb.readBigUInt64LE(AT.parameters), PARAMETERS_SIZE);
  if (parameters === undefined) return undefined;
  const text = (at: number): string => {
    const bytes = read(parameters.readBigUInt64LE(at + 8), parameters.readUInt16LE(at));
    return bytes?.toString('utf16le') ?? '';
  };
  const size = Math.min(Number(parameters.readBigUInt64LE(AT.environmentSize)), MAX_ENVIRONMENT);
  const variables = read(parameters.readBigUInt64LE(AT.environment), size);
  return {
    commandLine: text(AT.commandLine),
    cwd: text(AT.cwd).replace(/(?<=[^:])\\$/, ''),
    environment: parseEnvironment(variables?.toString('utf16le') ?? ''),
  };
}

/** The command line of a process whose memory cannot be read; this takes hardly any right. */
export function commandLineOf(native: WindowsNative, process: Handle): string | undefined {
  const bytes = Buffer.alloc(COMMAND_LINE_SIZE);
  if (!native.queryProcess(process, COMMAND_LINE_INFORMATION, bytes)) return undefined;
  return bytes.toString('utf16le', 16, 16 + bytes.readUInt16LE(0));
}

/** `NAME=value`, each ended by a NUL, and one NUL more behind the last. */
export function parseEnvironment(block: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of block.split('\0')) {
    if (line === '') break;
    // The shell's own entries begin with the sign: "=C:=C:\folder".
    const sign = line.indexOf('=', 1);
    if (sign > 0) found.set(line.slice(0, sign).toUpperCase(), line.slice(sign + 1));
  }
  return found;
}

/**
 * Splits a command line as the C run-time library of Windows does ("Parsing C command-line arguments" of its
 * reference): backslashes count before a quotation mark only.
 */
export function splitCommandLine(line: string): string[] {
  const found: string[] = [];
  const program = /^\s*(?:"([^"]*)"?|(\S*))/.exec(line);
  if (line.trim() === '') return [];
  found.push(program?.[1] ?? program?.[2] ?? '');
  let at = program?.[0].length ?? 0;
  while (at < line.length) {
    while (isBlank(line[at])) at++;
    if (at >= line.length) break;
    const { value, end } = readArgument(line, at);
    found.push(value);
    at = end;
  }
  return found;
}

function readArgument(line: string, start: number): { value: string; end: number } {
  let [value, quoted, at] = ['', false, start];
  for (; at < line.length && (quoted || !isBlank(line[at])); at++) {
    const slashes = /^\\*/.exec(line.slice(at))?.[0].length ?? 0;
    at += slashes;
    if (line[at] !== '"') {
      value += '\\'.repeat(slashes);
      if (at >= line.length || (!quoted && isBlank(line[at]))) break;
      value += line[at];
      continue;
    }
    value += '\\'.repeat(Math.floor(slashes / 2));
    if (slashes % 2 === 1) value += '"';
    else if (quoted && line[at + 1] === '"') value += line[at++];
    else quoted = !quoted;
  }
  return { value, end: at };
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}
