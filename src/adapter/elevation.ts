import { PylatchError } from '../common/errors';
import { shellLine } from '../common/shell';
import { canElevate, isInstalled } from '../inject/elevation/command';
import type { Means } from '../inject/elevation/command';
import type { StartHelper } from '../inject/elevation/elevated';
import { startPkexec } from '../inject/elevation/pkexec';
import type { AttachedAgent, AttachOptions } from '../inject/types';
import type { Client } from './client';
import type { Injector } from './injector';
import { startInTerminal } from './terminal';

/** What to do where the user's own rights do not suffice. */
export type Elevation = 'none' | Means;

export interface ElevationParts {
  injector: Injector;
  client: Client;
  /** Told what is waited for while nothing happens. */
  onWait(what: string): void;
}

const WAITS: Record<Means, string> = {
  pkexec: 'Waiting for the password, in the window that asks for it',
  sudo: 'Waiting for the password, in the terminal',
};

/** Attaches with the user's own rights; only where these are refused, and he wants it so, by the helper. */
export async function attachWith(
  elevation: Elevation,
  options: AttachOptions,
  { injector, client, onWait }: ElevationParts,
): Promise<AttachedAgent> {
  try {
    return await injector.attach(options);
  } catch (error) {
    if (elevation === 'none' || !isRefused(error) || !canElevate()) throw error;
  }
  if (!isInstalled(elevation)) throw notInstalled(elevation);
  const start: StartHelper = (command) => {
    client.say(`This attach runs as administrator: ${shellLine(command)}`);
    onWait(WAITS[elevation]);
    return elevation === 'sudo' ? startInTerminal(client, command) : startPkexec(command);
  };
  return injector.attachElevated({ ...options, means: elevation, start });
}

function notInstalled(means: Means): PylatchError {
  return new PylatchError(
    'elevation-failed',
    `Your own rights do not suffice, and ${means}, with which to attach as administrator, is not installed.`,
    'Install it, or run Pylatch as root in another way.',
  );
}

function isRefused(error: unknown): boolean {
  return error instanceof PylatchError && error.id === 'no-permission';
}
