/** Compares how tests ended with and without Pylatch attached. */
import { WHOLE } from './run';
import type { Outcome, TestRun } from './run';

/** One test that ended differently. */
export interface Difference {
  test: string;
  /** How it ended without us and with us. */
  alone: string;
  attached: string;
  detail: string;
}

/** Tests that end differently from run to run, by themselves: nothing can be told from them. */
export function unsteady(runs: TestRun[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const test of new Set(runs.flatMap(({ outcomes }) => [...outcomes.keys()]))) {
    const seen = new Set(runs.map(({ outcomes }) => outcomeOf(outcomes, test)));
    if (seen.size > 1) found.set(test, [...seen].join(' or '));
  }
  return found;
}

/** What differs. That of the run as a whole counts only where no single test accounts for it. */
export function differences(alone: TestRun, attached: TestRun, left: Map<string, string>): Difference[] {
  const tests = new Set([...alone.outcomes.keys(), ...attached.outcomes.keys()]);
  const found = [...tests].flatMap((test) => {
    const before = outcomeOf(alone.outcomes, test);
    const now = outcomeOf(attached.outcomes, test);
    const detail = attached.outcomes.get(test)?.detail ?? '';
    return before === now || left.has(test) ? [] : [{ test, alone: before, attached: now, detail }];
  });
  const single = found.filter(({ test }) => test !== WHOLE);
  return single.length > 0 || left.size > 0 ? single : found;
}

/** The differences that are there in each of several runs. */
export function lasting(found: Difference[][]): Difference[] {
  const [first = [], ...more] = found;
  return first.filter(({ test }) => more.every((each) => each.some((other) => other.test === test)));
}

function outcomeOf(outcomes: Map<string, Outcome>, test: string): string {
  return outcomes.get(test)?.outcome ?? 'not run';
}
