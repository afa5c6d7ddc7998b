import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { PylatchError } from '../common/errors';
import type { AgentCommands } from '../common/wire';
import type { JsonObject } from './arguments';
import { defined, object, optionalInteger, optionalString } from './arguments';
import type { Paths } from './paths';

/** What the agent needs to find a text. */
export type RemoteSource = AgentCommands['source']['arguments'];

/**
 * Where each source is: on this side's disk, or only in the target. The latter get a reference number, so
 * that the client asks for the text. The numbers are the bridge's own; the agent's are behind them.
 */
export class Sources {
  private readonly served: RemoteSource[] = [];
  private readonly numbers = new Map<string, number>();
  private readonly onDisk = new Map<string, boolean>();

  constructor(
    private readonly paths: Paths,
    private readonly exists: (path: string) => boolean = existsSync,
  ) {}

  /** A source as the agent tells it, as the client is to see it. */
  toClient(source: DebugProtocol.Source): DebugProtocol.Source {
    const local = source.path === undefined ? undefined : this.paths.toLocal(source.path);
    if (!source.sourceReference && local !== undefined && this.isOnDisk(local)) {
      return { ...source, name: source.name ?? basename(local), path: this.paths.toClient(local) };
    }
    return defined<DebugProtocol.Source>({
      ...source,
      name: source.name ?? (local === undefined ? undefined : basename(local)),
      path: local,
      sourceReference: this.reference(source),
    });
  }

  /** The target's path of the source that a request names. @throws PylatchError `bad-arguments` */
  remotePath(args: JsonObject): string {
    const source = object(args['source'], '"source"');
    const served = this.find(optionalInteger(source, 'sourceReference'));
    if (served?.path !== undefined) return served.path;
    const path = optionalString(source, 'path');
    if (path === undefined || path === '') throw noPath();
    this.onDisk.delete(this.paths.toLocal(this.paths.toRemote(path)));
    return this.paths.toRemote(path);
  }

  /** The client's own name of the source that a request names, which is the same before and after the attach. */
  clientName(args: JsonObject): string {
    const source = object(args['source'], '"source"');
    return optionalString(source, 'path') ?? `#${optionalInteger(source, 'sourceReference')}`;
  }

  /** What a `source` request asks for. @throws PylatchError `bad-arguments`, `source-unavailable` */
  requested(args: JsonObject): RemoteSource {
    const named = args['source'] === undefined ? {} : object(args['source'], '"source"');
    const number = optionalInteger(args, 'sourceReference') || optionalInteger(named, 'sourceReference');
    const served = this.find(number);
    if (served) return served;
    const path = optionalString(named, 'path');
    if (path !== undefined) return { path: this.paths.toRemote(path) };
    throw new PylatchError(
      'source-unavailable',
      `There is no source with the reference ${number ?? 0} in this session.`,
      'Open it again from the call stack.',
    );
  }

  private find(number: number | undefined): RemoteSource | undefined {
    return number ? this.served[number - 1] : undefined;
  }

  private reference(source: DebugProtocol.Source): number {
    const key = source.sourceReference ? `#${source.sourceReference}` : (source.path ?? '');
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    const number = this.served.push(defined({ path: source.path, sourceReference: source.sourceReference }));
    this.numbers.set(key, number);
    return number;
  }

  private isOnDisk(path: string): boolean {
    let known = this.onDisk.get(path);
    if (known === undefined) this.onDisk.set(path, (known = this.exists(path)));
    return known;
  }
}

function noPath(): PylatchError {
  return new PylatchError(
    'bad-arguments',
    '"source" names neither a path nor a known source reference.',
    'Send the path of the file.',
  );
}
