/** What happened in a scenario, as lines of text. */
export class Transcript {
  readonly lines: string[] = [];
  private sorting: string[] | undefined;

  add(line: string): void {
    (this.sorting ?? this.lines).push(line);
  }

  /** The lines that come meanwhile are sorted: for what may happen in any order. */
  async sorted(what: () => Promise<void>): Promise<void> {
    this.sorting = [];
    try {
      await what();
    } finally {
      this.lines.push(...this.sorting.sort());
      this.sorting = undefined;
    }
  }
}

/** The lines of an expected transcript: blank ones and indents do not count. */
export function expectedLines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** The first difference in words; undefined when there is none. */
export function firstDifference(expected: string[], got: string[]): string | undefined {
  const index = got.findIndex((line, at) => line !== expected[at]);
  const at = index < 0 ? got.length : index;
  if (index < 0 && got.length === expected.length) return undefined;
  const quote = (line: string | undefined): string => (line === undefined ? 'the end' : `\`${line}\``);
  return `${quote(got[at])} instead of ${quote(expected[at])}`;
}

/** Both transcripts in one: `-` marks lines that are missing, `+` those that are not expected. */
export function difference(expected: string[], got: string[]): string {
  const same = lengths(expected, got);
  const rows: string[] = [];
  let [i, j] = [0, 0];
  while (i < expected.length || j < got.length) {
    if (i < expected.length && expected[i] === got[j]) {
      rows.push(`  ${expected[i]}`);
      i++;
      j++;
    } else if (j >= got.length || (i < expected.length && same[i + 1]![j]! >= same[i]![j + 1]!)) {
      rows.push(`- ${expected[i++]}`);
    } else rows.push(`+ ${got[j++]}`);
  }
  return rows.join('\n');
}

/** How many lines the rests of both from i and j on have in common, in order. */
function lengths(a: string[], b: string[]): number[][] {
  const table = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const [row, below] = [table[i]!, table[i + 1]!];
      row[j] = a[i] === b[j] ? below[j + 1]! + 1 : Math.max(below[j]!, row[j + 1]!);
    }
  }
  return table;
}
