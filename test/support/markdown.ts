/** Tables in Markdown, as the reports in `docs` have them. */

/** The cells of a table's row as they are written; none for another line. */
export function splitRow(line: string): string[] {
  return line.startsWith('|')
    ? line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim())
    : [];
}

export function asTable(head: string[], rows: string[][]): string {
  const lines = [head, head.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

/** What Markdown would take for its own signs; the names of rows are Markdown already. */
export function escaped(cell: string): string {
  return cell.replace(/[\\|<>*`]|_(?=_)|(?<=_)_/g, '\\$&');
}

/** The text that {@link escaped} was given. */
export function plain(cell: string): string {
  return cell.replace(/\\(.)/g, '$1');
}
