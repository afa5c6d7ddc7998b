import assert from 'node:assert/strict';

/** Passes when `actual` has everything that `expected` has: more keys are fine, lists must be as long. */
export function assertMatches(actual: unknown, expected: unknown): void {
  assert.deepEqual(likeExpected(actual, expected), expected);
}

/** What is left of a value when the keys that nobody asked about are taken away. */
function likeExpected(actual: unknown, expected: unknown): unknown {
  if (!isObject(actual) || !isObject(expected)) return actual;
  if (Array.isArray(actual))
    return actual.map((item, index) => likeExpected(item, item && (expected as never)[index]));
  const keys = Object.keys(expected).filter((key) => Object.hasOwn(actual, key));
  return Object.fromEntries(keys.map((key) => [key, likeExpected(actual[key], expected[key])]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
