import type { Scenario } from '../../support/scenario';
import { BASICS } from './basics';
import { BREAKPOINTS } from './breakpoints';
import { COMBINED } from './combined';
import { DATA } from './data';
import { EXCEPTIONS } from './exceptions';
import { ODD } from './odd';
import { POINTS } from './points';
import { STEPPING } from './stepping';

export interface Area {
  title: string;
  scenarios: readonly Scenario[];
}

/** All scenarios; each file holds those of one area. */
export const AREAS: readonly Area[] = [
  { title: 'Basics', scenarios: BASICS },
  { title: 'Breakpoints: where they stop', scenarios: BREAKPOINTS },
  { title: 'Breakpoints: what they do', scenarios: POINTS },
  { title: 'Exceptions', scenarios: EXCEPTIONS },
  { title: 'Stepping', scenarios: STEPPING },
  { title: 'Data breakpoints', scenarios: DATA },
  { title: 'Several at a time', scenarios: COMBINED },
  { title: 'Odd places', scenarios: ODD },
];

export const SCENARIOS: readonly Scenario[] = AREAS.flatMap(({ scenarios }) => scenarios);
