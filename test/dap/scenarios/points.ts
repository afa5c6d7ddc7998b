import type { Scenario } from '../../support/scenario';

/** What breakpoints do: conditions, hit conditions, log messages, snapshots. */
export const POINTS: Scenario[] = [];
