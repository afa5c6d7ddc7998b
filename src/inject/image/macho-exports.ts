/** The tree of exported names in a Mach-O image: a prefix tree of bytes ("export trie", mach-o/loader.h). */

const KIND_MASK = 0x03;
const KIND_REGULAR = 0x00;
const REEXPORT = 0x08;
const MAX_NUMBER_BYTES = 10;

/** A number of the tree, and where it ends. */
interface Decoded {
  value: number;
  next: number;
}

/** Distance of an exported name from the image's header; undefined where the tree has no such name of its own. */
export function exportedOffset(tree: Buffer, name: string): number | undefined {
  let at = 0;
  // Each step goes one edge down, and an edge has at least one letter of the name.
  for (let rest = Buffer.from(name, 'latin1'); ;) {
    const terminal = number(tree, at);
    if (terminal === undefined) return undefined;
    if (rest.length === 0) return terminal.value > 0 ? terminalOffset(tree, terminal.next) : undefined;
    const edge = matchingEdge(tree, terminal.next + terminal.value, rest);
    if (edge === undefined) return undefined;
    at = edge.target;
    rest = rest.subarray(edge.length);
  }
}

function terminalOffset(tree: Buffer, at: number): number | undefined {
  const flags = number(tree, at);
  if (flags === undefined || (flags.value & KIND_MASK) !== KIND_REGULAR || (flags.value & REEXPORT) !== 0) {
    return undefined;
  }
  return number(tree, flags.next)?.value;
}

/** An edge without letters would lead round in a circle: none is followed. */
function matchingEdge(
  tree: Buffer,
  at: number,
  rest: Buffer,
): { target: number; length: number } | undefined {
  const count = tree[at] ?? 0;
  let from = at + 1;
  for (let index = 0; index < count; index++) {
    const end = tree.indexOf(0, from);
    const target = end < 0 ? undefined : number(tree, end + 1);
    if (target === undefined) return undefined;
    const length = end - from;
    const letters = tree.subarray(from, end);
    if (length > 0 && length <= rest.length && letters.equals(rest.subarray(0, length))) {
      return { target: target.value, length };
    }
    from = target.next;
  }
  return undefined;
}

/** A number in seven-bit groups, the lowest first (ULEB128). */
function number(tree: Buffer, at: number): Decoded | undefined {
  let value = 0;
  for (let index = 0; index < MAX_NUMBER_BYTES; index++) {
    const byte = tree[at + index];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, next: at + index + 1 };
  }
  return undefined;
}
