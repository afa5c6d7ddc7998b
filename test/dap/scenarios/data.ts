import type { Scenario } from '../../support/scenario';

/** Stops where a value changes. */
export const DATA: Scenario[] = [];
