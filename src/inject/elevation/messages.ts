/**
 * The messages between the one who asks for an attach and the helper that does it as root. Frames of JSON, as on the
 * wire to the agent: one {@link HelperRequest}; then {@link HelperMessage}s, the last of which is `error` or
 * `connected`; behind `connected` the bytes are those of the connection to the agent.
 *
 * Both ends check strictly: the one acts as root, and the other believes what it is told.
 */
import { isErrorId, PylatchError } from '../../common/errors';
import type { ErrorId } from '../../common/errors';
import { WIRE_VERSION } from '../../common/wire';
import type { AgentConfig, Welcome } from '../../common/wire';
import { PHASES } from '../types';
import type { AttachedAgent, AttachOptions, Phase } from '../types';

/** Raised with every incompatible change: the helper may be a newer installation than the one who asks. */
export const HELPER_VERSION = 1;

/** A request is some hundred bytes; the helper reads no longer one. */
export const MAX_REQUEST = 16 * 1024;

export interface HelperRequest extends Pick<AttachOptions, 'pid' | 'thread' | 'timeoutMs' | 'config'> {
  version: typeof HELPER_VERSION;
}

export type HelperMessage = PhaseMessage | ErrorMessage | ConnectedMessage;

interface PhaseMessage {
  phase: Phase;
  detail?: string;
}

interface ErrorMessage {
  error: { id: ErrorId; text: string; fix?: string };
}

interface ConnectedMessage {
  connected: Welcome;
  timings: AttachedAgent['timings'];
  notices?: string[];
}

type Check = (value: unknown) => boolean;
/** What each key must be; a check that takes `undefined` makes the key optional. */
type Shape<T> = Record<keyof T, Check>;

const DAY_MS = 86_400_000;

const isText: Check = (value) => typeof value === 'string';
const isFlag: Check = (value) => typeof value === 'boolean';
const isTexts: Check = (value) => Array.isArray(value) && value.every(isText);
const isOptionalText: Check = (value) => value === undefined || isText(value);
const isId: Check = (value) => Number.isInteger(value) && Number(value) > 0 && Number(value) <= 0xffffffff;

const isRule: Check = (value) => fits(value, { path: isText, include: isFlag });

const CONFIG: Shape<AgentConfig> = {
  justMyCode: isFlag,
  stopThreads: (value) => value === 'all' || value === 'one',
  showReturnValue: isFlag,
  justMyCodeRules: (value) => value === undefined || (Array.isArray(value) && value.every(isRule)),
};

const REQUEST: Shape<HelperRequest> = {
  version: (value) => value === HELPER_VERSION,
  pid: isId,
  thread: (value) => value === 'any' || value === 'main' || isId(value),
  timeoutMs: (value) => typeof value === 'number' && value > 0 && value <= DAY_MS,
  config: (value) => fits(value, CONFIG),
};

const PHASE: Shape<PhaseMessage> = {
  phase: (value) => PHASES.some((phase) => phase === value),
  detail: isOptionalText,
};

const ERROR: Shape<ErrorMessage> = {
  error: (value) =>
    fits(value, { id: (id) => isText(id) && isErrorId(id as string), text: isText, fix: isOptionalText }),
};

const WELCOME: Shape<Welcome> = {
  version: (value) => value === WIRE_VERSION,
  pid: isId,
  python: isText,
  executable: isText,
  argv: isTexts,
  cwd: isText,
};

const CONNECTED: Shape<ConnectedMessage> = {
  connected: (value) => fits(value, WELCOME),
  timings: (value) => isObject(value) && Object.entries(value).every(isTiming),
  notices: (value) => value === undefined || isTexts(value),
};

/** Checks what came to the helper. @throws PylatchError `bad-arguments` naming the key */
export function checkRequest(raw: unknown): HelperRequest {
  const wrong = misfit(raw, REQUEST);
  if (wrong === undefined) return raw as HelperRequest;
  throw new PylatchError(
    'bad-arguments',
    `The helper does not understand what it was asked: ${wrong}.`,
    'Install Pylatch anew: its parts do not belong together.',
  );
}

/** Checks what the helper said. @throws PylatchError `elevation-failed` naming the key */
export function checkMessage(raw: unknown): HelperMessage {
  const shape =
    isObject(raw) && 'error' in raw ? ERROR : isObject(raw) && 'connected' in raw ? CONNECTED : PHASE;
  const wrong = misfit(raw, shape);
  if (wrong === undefined) return raw as HelperMessage;
  throw new PylatchError(
    'elevation-failed',
    `The helper that runs as administrator sent what makes no sense: ${wrong}.`,
    'Install Pylatch anew: its parts do not belong together.',
  );
}

function isTiming([phase, ms]: [string, unknown]): boolean {
  return PHASES.some((one) => one === phase) && typeof ms === 'number';
}

function fits(value: unknown, shape: Record<string, Check>): boolean {
  return misfit(value, shape) === undefined;
}

/** What is wrong with a value, in words: a key that is not known, is missing or holds something else. */
function misfit(value: unknown, shape: Record<string, Check>): string | undefined {
  if (!isObject(value)) return 'it is not an object';
  const unknown = Object.keys(value).find((key) => !Object.hasOwn(shape, key));
  if (unknown !== undefined) return `"${unknown.slice(0, 40)}" is unknown`;
  const wrong = Object.keys(shape).find((key) => !shape[key]!(value[key]));
  return wrong === undefined ? undefined : `"${wrong}" is missing or wrong`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
