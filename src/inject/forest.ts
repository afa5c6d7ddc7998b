/** Python processes as trees: a parent with the Python processes that it started. */
import type { PythonProcess } from './types';

export interface ProcessNode {
  /** Stable for the life of the process. */
  id: string;
  process: PythonProcess;
  children: ProcessNode[];
}

/**
 * Nests the processes. What can be attached to comes first, and the oldest: a new process then moves no row
 * that somebody may be about to click.
 */
export function plant(processes: readonly PythonProcess[]): ProcessNode[] {
  const nodes = new Map<number, ProcessNode>(
    processes.map((process) => [process.pid, { id: stableId(process), process, children: [] }]),
  );
  const roots: ProcessNode[] = [];
  for (const node of nodes.values()) (parentOf(node, nodes)?.children ?? roots).push(node);
  for (const node of nodes.values()) node.children.sort(byAge);
  return roots.sort((a, b) => Number(b.process.attachable) - Number(a.process.attachable) || byAge(a, b));
}

/** Names a process for as long as it lives: a pid alone is used again. */
function stableId({ pid, startedAt }: PythonProcess): string {
  return `${pid}@${startedAt}`;
}

function parentOf(node: ProcessNode, nodes: ReadonlyMap<number, ProcessNode>): ProcessNode | undefined {
  const parent = nodes.get(node.process.parentPid);
  // A pid that was used again makes a stranger, younger than its "child", look like a parent.
  return parent && parent !== node && byAge(parent, node) < 0 ? parent : undefined;
}

function byAge(a: ProcessNode, b: ProcessNode): number {
  return a.process.startedAt - b.process.startedAt || a.process.pid - b.process.pid;
}

/** Every node of the trees, parents before children. */
export function walk(nodes: readonly ProcessNode[]): ProcessNode[] {
  return nodes.flatMap((node) => [node, ...walk(node.children)]);
}

/** The shape of the trees as text: equal for two forests that differ in nothing but their nodes' contents. */
export function shape(nodes: readonly ProcessNode[]): string {
  return nodes.map((node) => `${node.id}(${shape(node.children)})`).join(' ');
}
