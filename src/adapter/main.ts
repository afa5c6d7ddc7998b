import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { basename } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { parseArgs } from 'node:util';
import { PylatchSession } from './index';
import { encode, MessageDecoder } from './protocol';

const USAGE = `usage: pylatch dap [--port N | --socket PATH]

Speaks the Debug Adapter Protocol: on standard input and output, or to any number of clients
on a TCP port of 127.0.0.1 (0: any free one), or on a Unix socket.
`;

/**
 * Runs the adapter until its client, or for a server its process, ends.
 * @param argv the arguments after the program's name
 * @returns the exit code
 */
export async function main(argv: readonly string[]): Promise<number> {
  const options = readOptions(argv);
  if (typeof options === 'string') return complain(options);
  if (options.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (options.port === undefined && options.socket === undefined) return serveStdio();
  return serveSockets(options.socket ?? { host: '127.0.0.1', port: Number(options.port) });
}

interface Options {
  help?: boolean | undefined;
  port?: string | undefined;
  socket?: string | undefined;
}

/** The options, or what is wrong with them. */
function readOptions(argv: readonly string[]): Options | string {
  try {
    const options = {
      help: { type: 'boolean' },
      port: { type: 'string' },
      socket: { type: 'string' },
    } as const;
    const { values } = parseArgs({ args: [...argv], options });
    if (values.port !== undefined && values.socket !== undefined) return 'give --port or --socket, not both';
    if (values.port !== undefined && !isPort(values.port)) return `--port ${values.port}: not a port number`;
    return values;
  } catch (error) {
    return (error as Error).message;
  }
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535;
}

function complain(problem: string): number {
  process.stderr.write(`pylatch: ${problem}\n\n${USAGE}`);
  return 2;
}

async function serveStdio(): Promise<number> {
  const session = serve(process.stdin, process.stdout);
  await onceGone(process.stdin, process.stdout);
  await session.end();
  process.stdin.destroy();
  return 0;
}

/** Puts a session between two streams. The caller ends it when they have ended. */
function serve(input: Readable, output: Writable): PylatchSession {
  const session = new PylatchSession();
  session.onDidSendMessage((message) => {
    if (output.writable) output.write(encode(message as Parameters<typeof encode>[0]));
  });
  const decoder = new MessageDecoder({
    onMessage: (message) => session.handleMessage(message as Parameters<typeof session.handleMessage>[0]),
    onError: (error) => session.reportMalformed(error),
  });
  input.on('data', (chunk: Buffer) => decoder.feed(chunk));
  return session;
}

/** The client has gone when its input ends, when writing to it fails, or when we are told to stop. */
function onceGone(input: Readable, output: Writable): Promise<void> {
  return new Promise((resolve) => {
    const gone = (): void => resolve();
    input.once('end', gone).once('close', gone).once('error', gone);
    output.on('error', gone);
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, gone);
  });
}

async function serveSockets(address: string | { host: string; port: number }): Promise<number> {
  const sessions = new Set<PylatchSession>();
  const server = createServer((socket) => {
    socket.setNoDelay(true);
    const session = serve(socket, socket);
    sessions.add(session);
    socket.on('error', () => undefined);
    socket.once('close', () => {
      sessions.delete(session);
      void session.end();
    });
  });
  const problem = await listen(server, address);
  if (problem !== undefined) return complain(problem);
  process.stderr.write(`pylatch: listening on ${shown(server)}\n`);
  await onceStopped();
  server.close();
  await Promise.all([...sessions].map((session) => session.end()));
  return 0;
}

/** Listens; the problem in words where that fails. A Unix socket is for its owner only. */
function listen(
  server: Server,
  address: string | { host: string; port: number },
): Promise<string | undefined> {
  const mask = process.umask(0o177);
  return new Promise((resolve) => {
    const done = (problem?: string): void => {
      process.umask(mask);
      resolve(problem);
    };
    server.once('error', (error) => done(error.message));
    server.listen(address, () => done());
  });
}

function shown(server: Server): string {
  const address = server.address();
  return typeof address === 'object' && address ? `${address.address}:${address.port}` : String(address);
}

function onceStopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
}

// Bundled into the command line, this module is its main module too: the file's name tells them apart.
if (require.main === module && /^(adapter\.js|main\.ts)$/.test(basename(__filename))) {
  // Leaves at once: a peer that keeps a socket open is no reason to stay.
  void main(process.argv.slice(2)).then((code) => process.exit(code));
}
