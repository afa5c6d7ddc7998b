import type { Socket } from 'node:net';
import { MAX_FRAME } from './wire';

const HEADER = 4;

/**
 * Length-prefixed JSON over a stream socket: 4 bytes big-endian, then UTF-8 JSON.
 * One write for each message; messages that arrive before a listener is set are kept for it.
 */
export class FrameSocket {
  private chunks: Buffer[] = [];
  private size = 0;
  private waiting: unknown[] = [];
  private listener: ((message: unknown) => void) | undefined;

  /** @param limit a longer frame is a protocol error and closes the connection; bytes */
  constructor(
    readonly socket: Socket,
    private readonly limit = MAX_FRAME,
  ) {
    socket.setNoDelay(true);
    socket.on('data', this.feed);
  }

  /** Sends one message in one write. A closed socket swallows it: closing is told by `onClose`. */
  send(message: unknown): void {
    const body = Buffer.from(JSON.stringify(message), 'utf8');
    const frame = Buffer.allocUnsafe(HEADER + body.length);
    frame.writeUInt32BE(body.length, 0);
    body.copy(frame, HEADER);
    if (!this.socket.destroyed) this.socket.write(frame);
  }

  /** Hands over the next message alone; what follows it waits for a listener. */
  onNextMessage(listener: (message: unknown) => void): void {
    this.onMessage((message) => {
      this.listener = undefined;
      listener(message);
    });
  }

  /** Sets the one listener and hands it what has waited, in order. */
  onMessage(listener: (message: unknown) => void): void {
    this.listener = listener;
    const waiting = this.waiting.splice(0);
    for (const message of waiting) this.hand(message);
  }

  /** Calls back once, when the connection has ended for whatever reason. */
  onClose(listener: (error?: Error) => void): void {
    let cause: Error | undefined;
    this.socket.once('error', (error) => (cause = error));
    this.socket.once('close', () => listener(cause));
  }

  /** Passes on to the other, byte by byte from now on; what has come already and was not taken goes first. */
  pipe(other: FrameSocket): void {
    this.onMessage((message) => other.send(message));
    this.socket.off('data', this.feed);
    for (const chunk of this.chunks.splice(0)) other.socket.write(chunk);
    this.socket.pipe(other.socket);
  }

  close(): void {
    this.socket.destroy();
  }

  private readonly feed = (chunk: Buffer): void => {
    this.chunks.push(chunk);
    this.size += chunk.length;
    for (let body = this.take(); body !== undefined; body = this.take()) this.deliver(body);
  };

  private take(): Buffer | undefined {
    if (this.size < HEADER) return undefined;
    const all = this.chunks.length === 1 ? this.chunks[0]! : Buffer.concat(this.chunks);
    this.chunks = [all];
    const length = all.readUInt32BE(0);
    if (length > this.limit) {
      this.socket.destroy(new Error(`a frame of ${length} bytes is over the limit of ${this.limit}`));
      this.size = 0;
      return undefined;
    }
    if (all.length < HEADER + length) return undefined;
    this.chunks = [all.subarray(HEADER + length)];
    this.size = all.length - HEADER - length;
    return all.subarray(HEADER, HEADER + length);
  }

  private deliver(body: Buffer): void {
    let message: unknown;
    try {
      message = JSON.parse(body.toString('utf8'));
    } catch (error) {
      this.socket.destroy(error as Error);
      return;
    }
    this.hand(message);
  }

  private hand(message: unknown): void {
    if (this.listener) this.listener(message);
    else this.waiting.push(message);
  }
}
