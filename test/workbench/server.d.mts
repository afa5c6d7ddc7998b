/** What {@link startServer} starts. */
export interface ServerOptions {
  /** The folder that the workbench opens. */
  folder: string;
  /** An extension package to install first. */
  vsix?: string;
  /** A TCP port on 127.0.0.1; default: a free one. */
  port?: number;
  /** Added to (and overriding) the quiet defaults. */
  userSettings?: Record<string, unknown>;
  /** Kept after the end; default: a fresh folder that `stop` removes. */
  dataDir?: string;
  /** Runs it as this user and group (root only). */
  user?: number;
  /** Added to our own environment. */
  env?: Record<string, string | undefined>;
}

/** A running workbench. */
export interface Server {
  /** To open in a browser; carries the access token. */
  url: string;
  port: number;
  /** The commit of the VS Code build. */
  version: string;
  /** What the server has printed so far. */
  log(): string;
  /** Ends the server and its children. */
  stop(): Promise<void>;
}

/** Installs the server if need be, starts it and waits until it answers. */
export function startServer(options: ServerOptions): Promise<Server>;
