import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chart } from '../../bench/chart';
import type { Figure } from '../../bench/figures';
import { advantage, summarize, verdict } from '../../bench/figures';
import { asJson, barText, quantity, table } from '../../bench/report';

const CONDITIONS = {
  date: '2026-01-02',
  processor: 'A <fast> CPU',
  cores: 2,
  node: '20.1',
  python: '3.14.1',
};
const ATTACH: Figure = {
  id: 'attach.cold',
  title: 'Attach & look',
  unit: 'ms',
  bar: { kind: 'part', value: 0.1 },
  samples: { pylatch: [30, 10, 20], debugpy: [400, 500], pdb: [800] },
};
const BLOCKED: Figure = {
  id: 'blocked.sleep',
  title: 'Blocked',
  unit: 'ms',
  bar: { kind: 'most', value: 100 },
  samples: { pylatch: [101], debugpy: [5000] },
  unfinished: ['debugpy'],
};

describe('the figures of the benchmarks', () => {
  it('are summarized, for odd and even numbers of samples', () => {
    assert.deepEqual(summarize([3, 1, 2]), { min: 1, median: 2, max: 3, n: 3 });
    assert.deepEqual(summarize([10, 2, 1, 4]), { min: 1, median: 3, max: 10, n: 4 });
    assert.throws(() => summarize([]), /no samples/);
  });

  it('are judged by their bars', () => {
    const near = (value: number): Figure => ({
      ...ATTACH,
      bar: { kind: 'near', value: 1, by: 0.02 },
      samples: { pylatch: [value] },
    });
    assert.equal(verdict(ATTACH), 'met');
    assert.equal(verdict({ ...ATTACH, samples: { pylatch: [46], debugpy: [450] } }), 'not met');
    assert.equal(verdict({ ...ATTACH, samples: { pylatch: [46] } }), 'not measured');
    assert.equal(verdict({ ...ATTACH, samples: { debugpy: [46] } }), 'not measured');
    assert.equal(verdict(BLOCKED), 'not met');
    assert.equal(verdict(near(1.019)), 'met');
    assert.equal(verdict(near(0.97)), 'not met');
    assert.equal(verdict({ ...ATTACH, bar: undefined } as unknown as Figure), 'no bar');
  });

  it('are compared to debugpy', () => {
    assert.equal(advantage(ATTACH), 22.5);
    assert.equal(advantage({ ...ATTACH, samples: { pylatch: [0], debugpy: [272] } }), undefined);
  });
});

describe('the report of the benchmarks', () => {
  it('writes quantities in three digits', () => {
    assert.deepEqual(
      [0, 0.456, 23.46, 871.2].map((value) => quantity(value, 'ms')),
      ['0.0 ms', '0.46 ms', '23.5 ms', '871 ms'],
    );
    assert.equal(quantity(272, 'count'), '272');
    assert.equal(barText({ kind: 'part', value: 0.1 }, 'ms'), '<= 1/10 of debugpy');
  });

  it('shows every tool, the bar and the verdict', () => {
    const text = table([ATTACH, BLOCKED]);
    assert.match(text, /Attach & look {2}\[bar <= 1\/10 of debugpy: MET; debugpy takes 23 times as much\]/);
    assert.match(text, /pylatch +20\.0 ms {2}\[10\.0 ms \.\. 30\.0 ms\], n = 3/);
    assert.match(text, /Blocked {2}\[bar <= 100 ms: NOT MET; debugpy takes more than 50 times/);
    assert.match(text, /debugpy +more than 5000 ms/);
  });

  it('keeps medians and ranges in the JSON', () => {
    const json = JSON.parse(JSON.stringify(asJson([ATTACH], CONDITIONS)));
    assert.deepEqual(json.conditions, CONDITIONS);
    assert.equal(json.figures[0].verdict, 'met');
    assert.deepEqual(json.figures[0].results.pylatch, { min: 10, median: 20, max: 30, n: 3 });
  });
});

describe('the chart of the benchmarks', () => {
  const svg = chart([BLOCKED, ATTACH, { ...ATTACH, id: 'not.shown', title: 'Hidden' }], CONDITIONS);
  const widths = (tool: string): number[] =>
    [...svg.matchAll(new RegExp(`class="${tool}"[^>]* width="([^"]+)"`, 'g'))].map(([, width]) =>
      Number(width),
    );

  it('is well-formed and escapes what it is given', () => {
    assert.match(svg, /^<svg [^>]*viewBox="0 0 \d+ \d+"/);
    assert.match(svg, /Attach &amp; look/);
    assert.match(svg, /A &lt;fast&gt; CPU/);
    assert.match(svg, /&gt; 5000 ms/);
    assert.doesNotMatch(svg, /Hidden|NaN|Infinity|undefined/);
  });

  it('has lengths on one logarithmic scale, in the order that it chooses', () => {
    const [attach = 0, blocked = 0] = widths('pylatch');
    const [slow = 0, slowest = 0] = widths('debugpy');
    assert.ok(attach < blocked && blocked < slow && slow < slowest, svg);
    assert.ok(Math.abs(slowest - (blocked * Math.log10(500)) / Math.log10(10.1)) < 1);
  });

  it('shows both grounds', () => {
    assert.match(svg, /prefers-color-scheme: dark/);
  });
});
