import type { Scenario } from '../../support/scenario';

/** Where breakpoints are: kinds of code and of files, moved and refused ones, function breakpoints. */
export const BREAKPOINTS: Scenario[] = [];
