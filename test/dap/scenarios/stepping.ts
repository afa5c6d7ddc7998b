import type { Scenario } from '../../support/scenario';
import { LINES } from './stepping/lines';
import { MOVES } from './stepping/moves';
import { SUSPENDED } from './stepping/suspended';
import { THREADS } from './stepping/threads';

/** Steps of all kinds, set next statement, restart frame, pause, single threads. */
export const STEPPING: Scenario[] = [...LINES, ...SUSPENDED, ...MOVES, ...THREADS];
