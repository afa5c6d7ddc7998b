/** The results as a picture for the README: readable on light and dark ground. */
import type { Figure, ToolName } from './figures';
import { medianOf } from './figures';
import type { Conditions } from './report';
import { quantity } from './report';

/** What is shown, in this order; figures that were not measured are left out. */
const SHOWN = [
  'attach.cold',
  'attach.warm',
  'stall.attach',
  'step',
  'step.inspected',
  'blocked.sleep',
  'memory.attached',
];
const TOOLS: readonly { tool: ToolName; label: string }[] = [
  { tool: 'pylatch', label: 'Pylatch' },
  { tool: 'debugpy', label: 'debugpy' },
  { tool: 'debugpy-nodelay', label: 'debugpy*' },
  { tool: 'pdb', label: 'pdb -p' },
];
const [WIDTH, LEFT, RIGHT, BAR, GAP, HEAD] = [760, 70, 110, 14, 4, 30];
const STYLE = `
text { font: 13px system-ui, sans-serif; fill: #1f2328; }
.title { font-weight: 600; }
.small { font-size: 12px; fill: #59636e; }
.pylatch { fill: #1a7f5a; }
.debugpy, .debugpy-nodelay { fill: #a0a8b0; }
.pdb { fill: #c9ced4; }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc; }
.small { fill: #9198a1; }
.pylatch { fill: #3fb68b; }
.debugpy, .debugpy-nodelay { fill: #6e7681; }
.pdb { fill: #484f58; }
}`;

/** An SVG with one group of bars for each figure. The scale is logarithmic, over all figures of a unit. */
export function chart(figures: readonly Figure[], { processor, cores, python }: Conditions): string {
  const groups = SHOWN.flatMap((id) =>
    figures.filter((figure) => figure.id === id && rows(figure).length > 0),
  );
  const parts: string[] = [];
  let y = 10;
  for (const figure of groups) {
    parts.push(group(figure, y, scaleOf(groups, figure.unit)));
    y += HEAD + rows(figure).length * (BAR + GAP) + 8;
  }
  const feet = [
    `Medians. Logarithmic scale: shorter is better. CPython ${python}, ${processor}, ${cores} cores.`,
    '* with TCP_NODELAY set on its sockets, without which each of its answers waits some 40 ms.',
  ];
  for (const foot of feet) {
    y += 18;
    parts.push(`<text class="small" x="0" y="${y}">${escaped(foot)}</text>`);
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 10}" role="img">`,
    '<title>Pylatch, debugpy and pdb compared</title>',
    `<style>${STYLE}</style>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

interface Row {
  tool: ToolName;
  label: string;
  value: number;
  unfinished: boolean;
}

function rows(figure: Figure): Row[] {
  return TOOLS.flatMap(({ tool, label }) => {
    const value = medianOf(figure, tool);
    const unfinished = figure.unfinished?.includes(tool) === true;
    return value === undefined ? [] : [{ tool, label, value, unfinished }];
  });
}

/** From a value to the length of its bar. */
type Scale = (value: number) => number;

function scaleOf(figures: readonly Figure[], unit: Figure['unit']): Scale {
  const values = figures
    .filter((figure) => figure.unit === unit)
    .flatMap(rows)
    .map(({ value }) => value)
    .filter((value) => value > 0);
  const low = 10 ** Math.floor(Math.log10(Math.min(...values)));
  const span = Math.log10(Math.max(...values) / low) || 1;
  const length = WIDTH - LEFT - RIGHT;
  return (value) => (value <= low ? 1 : Math.max(1, (length * Math.log10(value / low)) / span));
}

function group(figure: Figure, top: number, scale: Scale): string {
  const bars = rows(figure).map(({ tool, label, value, unfinished }, index) => {
    const y = top + HEAD - 6 + index * (BAR + GAP);
    const length = scale(value);
    const text = `${unfinished ? '> ' : ''}${quantity(value, figure.unit)}`;
    return [
      `<text class="small" x="0" y="${y + 11}">${label}</text>`,
      `<rect class="${tool}" x="${LEFT}" y="${y}" width="${length.toFixed(1)}" height="${BAR}" rx="2"/>`,
      `<text class="small" x="${(LEFT + length + 6).toFixed(1)}" y="${y + 11}">${escaped(text)}</text>`,
    ].join('');
  });
  return [`<text class="title" x="0" y="${top + 14}">${escaped(figure.title)}</text>`, ...bars].join('\n');
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
