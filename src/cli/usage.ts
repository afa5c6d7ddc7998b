import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';

/** The command line makes no sense; the message says where. */
export class UsageError extends Error {}

/**
 * Parses a subcommand's arguments.
 * @throws UsageError for an unknown option or a missing value
 */
export function parseOrComplain<const T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new UsageError((error as Error).message.split('. ')[0]);
  }
}

/**
 * Parses a process or thread id.
 * @param what names the argument in the message
 * @throws UsageError
 */
export function wholeNumber(what: string, text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new UsageError(`"${text}" does not fit ${what}`);
  return Number(text);
}
