import type { Scenario } from '../../support/scenario';

/** Stops at exceptions: raised, user-unhandled, uncaught; conditions; what is told about them. */
export const EXCEPTIONS: Scenario[] = [];
