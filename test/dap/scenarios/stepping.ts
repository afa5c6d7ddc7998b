import type { Scenario } from '../../support/scenario';

/** Steps of all kinds, set next statement, restart frame, pause, single threads. */
export const STEPPING: Scenario[] = [];
