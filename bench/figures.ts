/** What a figure is: samples of several tools, the bar that ours must reach, and whether it does. */

export type ToolName = 'pylatch' | 'debugpy' | 'debugpy-nodelay' | 'pdb' | 'none';

/** `most`: the median is at most so much. `part`: at most that part of debugpy's. `near`: within `by` of `value`. */
export type Bar =
  | { kind: 'most'; value: number }
  | { kind: 'part'; value: number }
  | { kind: 'near'; value: number; by: number };

export interface Figure {
  /** `measurement.figure` */
  id: string;
  title: string;
  unit: 'ms' | 'ns' | 'MB' | 'x' | 'count';
  bar?: Bar;
  /** Of `none`: the same without any tool. */
  samples: Partial<Record<ToolName, number[]>>;
  /** Tools that had not finished when they were stopped: their samples are the limit. */
  unfinished?: ToolName[];
  note?: string;
}

export interface Summary {
  min: number;
  median: number;
  max: number;
  n: number;
}

/** @throws Error for no samples */
export function summarize(samples: readonly number[]): Summary {
  if (samples.length === 0) throw new Error('no samples');
  const sorted = [...samples].sort((a, b) => a - b);
  const middle =
    (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.ceil((sorted.length - 1) / 2)]!) / 2;
  return { min: sorted[0]!, median: middle, max: sorted.at(-1)!, n: sorted.length };
}

export function median(samples: readonly number[]): number {
  return summarize(samples).median;
}

/** The median of a tool, where it was measured. */
export function medianOf(figure: Figure, tool: ToolName): number | undefined {
  const samples = figure.samples[tool];
  return samples === undefined || samples.length === 0 ? undefined : median(samples);
}

export type Verdict = 'met' | 'not met' | 'no bar' | 'not measured';

export function verdict(figure: Figure): Verdict {
  const ours = medianOf(figure, 'pylatch');
  if (ours === undefined) return 'not measured';
  if (figure.bar === undefined) return 'no bar';
  const reached = reaches(figure.bar, ours, medianOf(figure, 'debugpy'));
  return reached === undefined ? 'not measured' : reached ? 'met' : 'not met';
}

function reaches(bar: Bar, ours: number, debugpy: number | undefined): boolean | undefined {
  if (bar.kind === 'most') return ours <= bar.value;
  if (bar.kind === 'near') return Math.abs(ours - bar.value) <= bar.by;
  return debugpy === undefined ? undefined : ours <= bar.value * debugpy;
}

/** How many times less ours is than debugpy's; undefined where that has no sense. */
export function advantage(figure: Figure): number | undefined {
  const ours = medianOf(figure, 'pylatch');
  const theirs = medianOf(figure, 'debugpy');
  return ours === undefined || theirs === undefined || ours <= 0 ? undefined : theirs / ours;
}
