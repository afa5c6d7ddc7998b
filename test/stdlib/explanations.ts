/** Differences that are as they have to be. */
import type { Difference } from './compare';
import type { Way } from './run';

export interface Explanation {
  /** Title of the test file. */
  file: string;
  /** Fits the ids of the tests. */
  tests: RegExp;
  /** Where it applies; everywhere when absent. */
  versions?: string[];
  ways?: Way[];
  /** Fits the errors that are explained, type and text. */
  errors: RegExp;
  /** Why they end differently, as docs/stdlib.md shows it. */
  reason: string;
}

export const EXPLANATIONS: Explanation[] = [
  {
    file: 'test_monitoring',
    tests: /./,
    errors: /^AssertionError: ('pylatch' is not None|1 != 0)$/,
    reason:
      'Every test takes the ids 2, 3 and 4 of `sys.monitoring` and fails where another tool holds one of them. ' +
      'Pylatch holds 3 and 4, which have no name. With ids that are free all pass: see "with other ids".',
  },
];

/** What explains a difference, if anything does. */
export function explanationOf(
  { test, detail }: Difference,
  candidates: Explanation[],
): Explanation | undefined {
  return candidates.find(({ tests, errors }) => tests.test(test) && errors.test(detail));
}

/** The explanations for one file under one version, attached in one way. */
export function explanationsFor(title: string, version: string, way: Way): Explanation[] {
  const fits = (wanted: string[] | undefined, value: string): boolean => wanted?.includes(value) ?? true;
  return EXPLANATIONS.filter(
    ({ file, versions, ways }) => file === title && fits(versions, version) && fits(ways, way),
  );
}
