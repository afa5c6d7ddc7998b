import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Connection, Debugger } from './debuggers';
import type { Running } from './program';
import { CutShort, Session } from './session';
import type { Transcript } from './transcript';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- bodies are what the scenario says they are
export type Body = Record<string, any>;

/** What all verbs share: the session, the thread and the frame that they are about, and the transcript. */
export class Stage {
  /** The thread that stopped last, or that `thread` chose. */
  threadId = 0;
  protected session: Session;
  /** The frame that `frame` chose; undefined: the top one. */
  protected frameId: number | undefined;

  constructor(
    protected readonly kind: Debugger,
    connection: Connection,
    readonly program: Running,
    protected readonly transcript: Transcript,
    protected readonly options: object,
  ) {
    this.session = new Session(kind, connection, program, transcript);
  }

  /** Writes a line of the script's own. */
  note(line: string): void {
    this.transcript.add(line);
  }

  /** Any request: its body, and a line only where it is refused. */
  async ask(command: string, args: object = {}): Promise<Body | undefined> {
    const { success, body = {} } = await this.session.send(command, args);
    if (!success) this.note(`${command}: refused`);
    return success ? (body as Body) : undefined;
  }

  protected place({ name, source, line }: DebugProtocol.StackFrame): string {
    return `${last(name)} ${this.program.files.describe(source?.path ?? source?.name, line)}`;
  }

  protected async frames(levels = 0): Promise<DebugProtocol.StackFrame[]> {
    const args = { threadId: this.threadId, startFrame: 0, levels };
    return (await this.ask('stackTrace', args))?.['stackFrames'] ?? [];
  }

  protected async frameNamed(name: string): Promise<DebugProtocol.StackFrame> {
    const found = (await this.frames()).find((frame) => last(frame.name) === name);
    if (!found) throw new CutShort(`no frame ${name}`);
    return found;
  }

  protected async frameIdNow(): Promise<number> {
    return (this.frameId ??= (await this.frames(1))[0]?.id ?? 0);
  }

  protected async localsReference(): Promise<number> {
    const body = await this.ask('scopes', { frameId: await this.frameIdNow() });
    return body?.['scopes'][0]?.variablesReference ?? 0;
  }

  protected async threadList(): Promise<DebugProtocol.Thread[]> {
    return (await this.ask('threads'))?.['threads'] ?? [];
  }

  protected async idOf(thread: string): Promise<number> {
    const found = (await this.threadList()).find(({ name }) => name === thread);
    if (!found) throw new CutShort(`no thread ${thread}`);
    return found.id;
  }
}

/** Debuggers differ in how much they show of `Class.method`, `outer.<locals>.inner` or `package.Error`; some add notes. */
export function last(name: string): string {
  return /[^.]*$/.exec(name.replace(/\s+\(.*/s, ''))![0];
}
