import type { DebugProtocol } from '@vscode/debugprotocol';
import { PylatchError } from '../common/errors';
import type { AgentCommands, Snapshot, SnapshotValue } from '../common/wire';
import type { Client } from './client';
import type { Sources } from './sources';

/** References from here on are the bridge's own; those of the agent count up from 1000. The limit is DAP's 2^31-1. */
const FIRST_REFERENCE = 1_500_000_000;
/** Rows that are kept; older snapshots are dropped before. */
const MOST_ROWS = 200_000;

/**
 * Snapshots that breakpoints took without stopping: an output event each, that can be opened for the rest of the
 * session, also while the program runs. Nothing of it is asked from the agent again.
 */
export class Snapshots {
  private readonly kept = new Map<number, DebugProtocol.Variable[]>();
  private last = FIRST_REFERENCE;
  private count = 0;

  constructor(
    private readonly client: Client,
    private readonly sources: Sources,
  ) {}

  /** A snapshot has come. */
  show(snapshot: Snapshot): void {
    const top = snapshot.frames[0];
    const where = top ? `: ${top.name} at ${place(top)}, ${snapshot.thread}` : '';
    const rows = snapshot.frames.map((frame) => this.row(frameValue(frame)));
    const body: DebugProtocol.OutputEvent['body'] = {
      category: 'console',
      output: `Snapshot ${snapshot.number} of ${snapshot.of}${where}\n`,
      variablesReference: this.keep(rows),
      ...(top?.source ? { source: this.sources.toClient(top.source), line: top.line } : {}),
    };
    this.client.event('output', this.client.positionsTo(body));
    this.forgetOldest();
  }

  /** Whether a reference is one of a snapshot's. */
  owns(reference: number): boolean {
    return reference > FIRST_REFERENCE;
  }

  /** @throws PylatchError `cannot-set` for the values of snapshots */
  refuseChange(reference: number): void {
    if (!this.owns(reference)) return;
    const text = 'A snapshot shows values of the past, which cannot be changed.';
    throw new PylatchError('cannot-set', text, 'Stop the program to change them.');
  }

  /**
   * The rows behind a reference, or a page of them; all are named ones.
   * @throws PylatchError `stale-reference` for those of a snapshot that was dropped
   */
  rows(request: AgentCommands['variables']['arguments']): DebugProtocol.Variable[] {
    const { variablesReference, filter, start = 0, count } = request;
    const rows = this.kept.get(variablesReference);
    if (rows && filter === 'indexed') return [];
    if (rows) return rows.slice(start, count === undefined ? undefined : start + count);
    const text = 'This snapshot is gone: so many have come since that it was dropped.';
    throw new PylatchError('stale-reference', text, 'Take another one.');
  }

  private keep(rows: DebugProtocol.Variable[]): number {
    this.kept.set(++this.last, rows);
    this.count += rows.length;
    return this.last;
  }

  private row({ name, value, type, children }: SnapshotValue): DebugProtocol.Variable {
    const variablesReference = children?.length ? this.keep(children.map((child) => this.row(child))) : 0;
    return { name, value, ...(type === undefined ? {} : { type }), variablesReference };
  }

  private forgetOldest(): void {
    for (const [reference, rows] of this.kept) {
      if (this.count <= MOST_ROWS) return;
      this.kept.delete(reference);
      this.count -= rows.length;
    }
  }
}

function frameValue(frame: Snapshot['frames'][number]): SnapshotValue {
  return { name: frame.name, value: place(frame), children: frame.variables };
}

function place({ source, line }: Snapshot['frames'][number]): string {
  return `${source?.name ?? '?'}:${line}`;
}
