/**
 * The one importer of koffi, through which Node calls the system's own functions. Everything called through it is
 * synchronous and runs on the calling thread: a kernel ties a traced thread to the very thread that traces it.
 */
import type koffi from 'koffi' with { 'resolution-mode': 'import' };

/** A result, or the system's error number. */
export type Outcome<T> = { value: T } | { errno: number };

export type Koffi = typeof koffi;
export type ForeignCall = (...args: unknown[]) => unknown;

/** Loads koffi; about 10 ms the first time. */
export function loadKoffi(): Koffi {
  // An import would load it with the program, and whoever lists processes on Linux does without it.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require('koffi') as Koffi;
}
