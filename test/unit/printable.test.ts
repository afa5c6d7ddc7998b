import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { printable, printableJson } from '../../src/common/printable';
import { shownCommand } from '../../src/common/shell';

describe('what a process says of itself', () => {
  it('is shown with its control characters in words', () => {
    assert.equal(printable('\u001b[2J\u009b1m\u202eevil\u2028\r'), '\\x1b[2J\\x9b1m\\u202eevil\\u2028\\x0d');
    assert.equal(printable('if x:\n\ty = "漢字 é"\n'), 'if x:\n\ty = "漢字 é"\n');
  });

  it('stays the same value as JSON, without them', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (words) => {
        const text = printableJson([...words, '\u009b\u202e\u001b\u2028']);
        assert.deepEqual(JSON.parse(text), [...words, '\u009b\u202e\u001b\u2028']);
        assert.equal(printable(text), text);
      }),
    );
  });

  it('is cut where it is too long to read', () => {
    assert.match(
      shownCommand(['python', 'x'.repeat(100_000)]),
      /^python x{1993}\.\.\. \(100007 characters\)$/,
    );
  });
});
