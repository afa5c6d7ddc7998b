import { PylatchError } from '../../common/errors';
import type { SessionPlace } from './types';

/** A place that may serve, and what to call it in an error. */
export interface PossiblePlace {
  where: string;
  /** @throws what stands in the way */
  make(): SessionPlace;
}

const REASONS: Record<string, string> = {
  ENOSPC: 'it is full',
  EDQUOT: 'the quota is used up',
  EROFS: 'it is read-only',
  EACCES: 'no right to write there',
  EPERM: 'no right to write there',
  EOVERFLOW: 'its users are not known here (a user namespace)',
};

/**
 * Makes and fills the first place that can be made and filled.
 * @param fix for the user, when there is none
 * @throws PylatchError `place-failed` with what stood in the way of each
 */
export function firstPlace(
  pid: number,
  places: PossiblePlace[],
  fill: (place: SessionPlace) => void,
  fix: string,
): SessionPlace {
  const failures: string[] = [];
  for (const { where, make } of places) {
    try {
      return filled(make(), fill);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      failures.push(`${where}: ${REASONS[code ?? ''] ?? code ?? message}`);
    }
  }
  throw new PylatchError(
    'place-failed',
    `Pylatch found no place for its files that process ${pid} can use (${failures.join('; ')}).`,
    fix,
  );
}

function filled(place: SessionPlace, fill: (place: SessionPlace) => void): SessionPlace {
  try {
    fill(place);
    return place;
  } catch (error) {
    place.remove();
    throw error;
  }
}
