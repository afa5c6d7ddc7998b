import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { encode, MAX_BODY, MessageDecoder } from '../../src/adapter/protocol';

function decoder(): { feed: (data: string | Buffer) => void; messages: unknown[]; errors: string[] } {
  const messages: unknown[] = [];
  const errors: string[] = [];
  const made = new MessageDecoder({
    onMessage: (message) => messages.push(message),
    onError: (error) => errors.push(`${error.id}: ${error.message}`),
  });
  return { feed: (data) => made.feed(Buffer.from(data as string)), messages, errors };
}

function frame(body: string): string {
  return `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

describe('framing', () => {
  it('reads two messages in one chunk', () => {
    const { feed, messages } = decoder();
    feed(frame('{"a":1}') + frame('{"b":2}'));
    assert.deepEqual(messages, [{ a: 1 }, { b: 2 }]);
  });

  it('reads what encode wrote, cut anywhere, with any text', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme' })),
        fc.integer({ min: 1, max: 9 }),
        (texts, size) => {
          const { feed, messages, errors } = decoder();
          const all = texts.map((text, seq) => ({ seq, type: 'event', event: text }));
          const bytes = Buffer.concat(all.map((message) => encode(message)));
          for (let at = 0; at < bytes.length; at += size) feed(bytes.subarray(at, at + size));
          assert.deepEqual(messages, all);
          assert.deepEqual(errors, []);
        },
      ),
    );
  });

  it('counts bytes, not characters', () => {
    assert.equal(encode({ seq: 1, type: 'ä€😀' }).toString().split('\r\n')[0], 'Content-Length: 28');
  });

  it('accepts other headers, in any letter case', () => {
    const { feed, messages } = decoder();
    feed('content-type: application/json\r\ncontent-length: 2\r\n\r\n{}');
    assert.deepEqual(messages, [{}]);
  });
});

describe('malformed input', () => {
  const broken: [name: string, bytes: string][] = [
    ['text before a header', 'hello\n'],
    ['a header block without a length', 'Content-Type: x\r\n\r\n'],
    ['a length that is no number', 'Content-Length: many\r\n\r\n{}'],
    ['a negative length', 'Content-Length: -5\r\n\r\n{}'],
    ['a body that is not JSON', frame('{"seq": 1,}')],
    ['a body that is not text', 'Content-Length: 4\r\n\r\n\xff\xfe\x00\x01'],
    ['a length that is too short', 'Content-Length: 3\r\n\r\n{"seq":1}'],
    ['a length that is too long', 'Content-Length: 30\r\n\r\n{"seq":1}'],
    ['a length over the limit', `Content-Length: ${MAX_BODY + 1}\r\n\r\n{}`],
    ['an endless header', 'x'.repeat(10_000)],
  ];
  for (const [name, bytes] of broken) {
    it(`survives ${name}, reporting it once`, () => {
      const { feed, messages, errors } = decoder();
      feed(bytes);
      feed(frame('{"next":1}'));
      feed(frame('{"next":2}'));
      assert.deepEqual(messages, [{ next: 1 }, { next: 2 }]);
      assert.equal(errors.length, 1);
      assert.match(errors[0]!, /^malformed-message: The client sent .*Content-Length/);
    });
  }

  it('survives any garbage', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (garbage) => {
        const { feed, messages } = decoder();
        feed(Buffer.from(garbage));
        feed(frame('{"next":1}'));
        assert.deepEqual(messages.at(-1), { next: 1 });
      }),
    );
  });

  it('passes JSON that is no object on: the session judges it', () => {
    const { feed, messages, errors } = decoder();
    feed(frame('null') + frame('[]') + frame('false'));
    assert.deepEqual([messages, errors], [[null, [], false], []]);
  });
});
