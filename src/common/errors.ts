/**
 * The catalogue of everything that can go wrong. An error is made where its cause is known, says what
 * happened and what to do next, and who is to blame decides whether a user sees it.
 */

/** `user`: shown; `internal`: a fault of ours, logged and shown as such; `nobody`: expected, neither. */
export type Blame = 'user' | 'internal' | 'nobody';

export interface ErrorSpec {
  /** Stable number for DAP's `Message.id`. */
  code: number;
  blame: Blame;
}

/** Ids are stable: tests, docs and the README's troubleshooting name them. */
export const ERRORS = {
  // Finding and judging the process
  'no-such-process': { code: 1001, blame: 'user' },
  'not-python': { code: 1002, blame: 'user' },
  'python-too-old': { code: 1003, blame: 'user' },
  'python-unknown': { code: 1004, blame: 'user' },
  'remote-debug-disabled': { code: 1005, blame: 'user' },
  'no-permission': { code: 1006, blame: 'user' },
  'already-attached': { code: 1007, blame: 'user' },
  'no-such-thread': { code: 1008, blame: 'user' },
  'ambiguous-process': { code: 1009, blame: 'user' },
  'unsupported-system': { code: 1010, blame: 'user' },
  'interpreter-not-ready': { code: 1011, blame: 'user' },
  // Unlike no-permission, not even an administrator may.
  'debugging-locked': { code: 1012, blame: 'user' },
  // Getting in
  'attach-timeout': { code: 1101, blame: 'user' },
  'attach-cancelled': { code: 1102, blame: 'nobody' },
  'place-failed': { code: 1103, blame: 'user' },
  'agent-failed': { code: 1104, blame: 'user' },
  'target-ended': { code: 1105, blame: 'user' },
  'wire-version': { code: 1106, blame: 'internal' },
  'script-failed': { code: 1107, blame: 'user' },
  'elevation-failed': { code: 1108, blame: 'user' },
  'audit-refused': { code: 1109, blame: 'user' },
  'system-refused': { code: 1110, blame: 'user' },
  // Debug Adapter Protocol
  'unknown-request': { code: 1201, blame: 'user' },
  'not-supported': { code: 1202, blame: 'user' },
  'wrong-state': { code: 1203, blame: 'user' },
  'bad-arguments': { code: 1204, blame: 'user' },
  'malformed-message': { code: 1205, blame: 'user' },
  // Inside the session
  'stale-reference': { code: 1301, blame: 'nobody' },
  'not-stopped': { code: 1302, blame: 'nobody' },
  'evaluation-failed': { code: 1303, blame: 'nobody' },
  'evaluation-timeout': { code: 1304, blame: 'user' },
  cancelled: { code: 1305, blame: 'nobody' },
  'thread-busy': { code: 1306, blame: 'user' },
  'source-unavailable': { code: 1307, blame: 'user' },
  'cannot-set': { code: 1308, blame: 'user' },
  'agent-lost': { code: 1309, blame: 'user' },
  'no-exception': { code: 1310, blame: 'nobody' },
  'cannot-jump': { code: 1311, blame: 'user' },
  internal: { code: 1999, blame: 'internal' },
} as const satisfies Record<string, ErrorSpec>;

export type ErrorId = keyof typeof ERRORS;

/** An error with a cause, a sentence for the user and, where there is one, the next step. */
export class PylatchError extends Error {
  readonly code: number;
  readonly blame: Blame;

  /**
   * @param id which entry of the catalogue
   * @param text what happened, one sentence in the user's words
   * @param fix what to do next, one sentence; absent only where nothing can be done
   */
  constructor(
    readonly id: ErrorId,
    readonly text: string,
    readonly fix?: string,
  ) {
    super(fix ? `${text} ${fix}` : text);
    this.name = 'PylatchError';
    this.code = ERRORS[id].code;
    this.blame = ERRORS[id].blame;
  }
}

/** Any thrown thing as a catalogue error; what is unknown becomes an internal one. */
export function asPylatchError(error: unknown): PylatchError {
  if (error instanceof PylatchError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const made = new PylatchError(
    'internal',
    `Pylatch failed inside: ${text}.`,
    'Please report it with the log file.',
  );
  if (error instanceof Error && error.stack !== undefined) made.stack = error.stack;
  return made;
}

/** True for an id that the catalogue has: errors that come over the wire are checked with it. */
export function isErrorId(id: string): id is ErrorId {
  return Object.hasOwn(ERRORS, id);
}
