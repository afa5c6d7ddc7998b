import type { Scenario } from '../../support/scenario';
import { BASICS } from './basics';
import { BREAKPOINTS } from './breakpoints';
import { DATA } from './data';
import { EXCEPTIONS } from './exceptions';
import { POINTS } from './points';
import { STEPPING } from './stepping';

/** All scenarios; each file holds those of one area. */
export const SCENARIOS: readonly Scenario[] = [
  ...BASICS,
  ...BREAKPOINTS,
  ...POINTS,
  ...EXCEPTIONS,
  ...STEPPING,
  ...DATA,
];
