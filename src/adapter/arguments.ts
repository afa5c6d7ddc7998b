import { PylatchError } from '../common/errors';
import type { AgentConfig, CodeRule } from '../common/wire';
import type { ThreadChoice } from '../inject/types';
import { MEANS } from '../inject/elevation/command';
import type { Elevation } from './elevation';
import type { PathMapping } from './paths';

/** Attach arguments as checked; the user's words are in `package.json`. */
export interface AttachArguments {
  /** A process id, or a name or pattern that has to fit exactly one Python process. */
  pid: number | string;
  thread: ThreadChoice;
  stopOnEntry: boolean;
  pathMappings: PathMapping[];
  timeoutMs: number;
  elevation: Elevation;
  subProcess: boolean;
  redirectOutput: boolean;
  logFile: string | undefined;
  config: AgentConfig;
}

export type JsonObject = Record<string, unknown>;

const DEFAULT_TIMEOUT = 20;

/** Checks the arguments of an attach request. @throws PylatchError `bad-arguments` naming the key */
export function attachArguments(raw: unknown): AttachArguments {
  const args = object(raw, 'arguments of the attach request');
  return {
    pid: processArgument(args),
    thread: threadArgument(args['thread']),
    stopOnEntry: optionalBoolean(args, 'stopOnEntry') ?? false,
    pathMappings: pathMappings(args['pathMappings']),
    timeoutMs: timeout(args) * 1000,
    elevation: optionalWord(args, 'elevation', ['none', ...MEANS]) ?? 'none',
    subProcess: optionalBoolean(args, 'subProcess') ?? false,
    redirectOutput: optionalBoolean(args, 'redirectOutput') ?? false,
    logFile: optionalString(args, 'logFile'),
    config: defined<AgentConfig>({
      justMyCode: optionalBoolean(args, 'justMyCode') ?? true,
      justMyCodeRules: codeRules(args),
      stopThreads: stopThreads(args['stopThreads']),
      showReturnValue: optionalBoolean(args, 'showReturnValue') ?? false,
    }),
  };
}

/** `processId` is what other clients call it. */
function processArgument(args: JsonObject): number | string {
  const key = args['pid'] === undefined && args['processId'] !== undefined ? 'processId' : 'pid';
  const value = args[key];
  if (typeof value === 'string' && value.trim() !== '') return numericOrName(value.trim());
  if (isPid(value)) return value;
  throw bad(key, 'a process id, or the name of a process', value);
}

function numericOrName(value: string): number | string {
  if (!/^\d+$/.test(value)) return value;
  if (isPid(Number(value))) return Number(value);
  throw bad('pid', 'a process id, or the name of a process', value);
}

function isPid(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) <= 0xffffffff;
}

function threadArgument(value: unknown): ThreadChoice {
  if (value === undefined) return 'any';
  if (value === 'any' || value === 'main') return value;
  const id = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  if (isPid(id)) return id;
  throw bad('thread', '"any", "main" or a native thread id', value);
}

function stopThreads(value: unknown): 'all' | 'one' {
  if (value === undefined) return 'all';
  if (value === 'all' || value === 'one') return value;
  throw bad('stopThreads', '"all" or "one"', value);
}

function timeout(args: JsonObject): number {
  const value = args['timeout'] ?? DEFAULT_TIMEOUT;
  if (typeof value === 'number' && value > 0 && value <= 86_400) return value;
  throw bad('timeout', 'a number of seconds above 0', value);
}

function pathMappings(value: unknown): PathMapping[] {
  return (optionalArray({ pathMappings: value }, 'pathMappings') ?? []).map((item, index) => {
    const mapping = object(item, `"pathMappings[${index}]"`);
    return { localRoot: string(mapping, 'localRoot'), remoteRoot: string(mapping, 'remoteRoot') };
  });
}

function codeRules(args: JsonObject): CodeRule[] | undefined {
  return optionalArray(args, 'justMyCodeRules')?.map((item, index) => {
    const rule = object(item, `"justMyCodeRules[${index}]"`);
    return {
      path: string(rule, 'path'),
      include: optionalBoolean(rule, 'include') ?? missing('include', 'true or false'),
    };
  });
}

/** The value as an object. @param what names it in the error */
export function object(value: unknown, what: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new PylatchError(
    'bad-arguments',
    `The ${what} must be an object, not ${describe(value)}.`,
    'Correct it and try again.',
  );
}

export function integer(args: JsonObject, key: string): number {
  return optionalInteger(args, key) ?? missing(key, 'an integer');
}

export function optionalInteger(args: JsonObject, key: string): number | undefined {
  const value = args[key];
  if (value === undefined || value === null) return undefined;
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw bad(key, 'an integer of 0 or more', value);
}

export function string(args: JsonObject, key: string): string {
  return optionalString(args, key) ?? missing(key, 'a text');
}

export function optionalString(args: JsonObject, key: string): string | undefined {
  const value = args[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  throw bad(key, 'a text', value);
}

/** A text without the spaces around it; one that is only spaces counts as absent, as in an editor's input box. */
export function optionalText(args: JsonObject, key: string): string | undefined {
  return optionalString(args, key)?.trim() || undefined;
}

export function optionalBoolean(args: JsonObject, key: string): boolean | undefined {
  const value = args[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'boolean') return value;
  throw bad(key, 'true or false', value);
}

export function optionalArray(args: JsonObject, key: string): unknown[] | undefined {
  const value = args[key];
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) return value as unknown[];
  throw bad(key, 'a list', value);
}

/** One of the listed words, or undefined where the key is absent. */
export function optionalWord<W extends string>(
  args: JsonObject,
  key: string,
  words: readonly W[],
): W | undefined {
  const value = optionalString(args, key);
  if (value === undefined) return undefined;
  const found = words.find((word) => word === value);
  if (found === undefined) throw bad(key, `one of ${words.join(', ')}`, value);
  return found;
}

function missing(key: string, expected: string): never {
  throw bad(key, expected, undefined);
}

function bad(key: string, expected: string, given: unknown): PylatchError {
  const text = `"${key}" must be ${expected}, but ${describe(given)} was given.`;
  return new PylatchError('bad-arguments', text, `Correct "${key}" and try again.`);
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}

/** Leaves out the keys whose value is undefined: `exactOptionalPropertyTypes` and short messages want them absent. */
export function defined<T extends object>(value: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as T;
}
