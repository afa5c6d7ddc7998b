import type { Scenario } from '../../support/scenario';

/** Breakpoints, exceptions and steps at the same time. */
export const COMBINED: Scenario[] = [];
