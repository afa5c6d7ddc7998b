import type { DebugProtocol } from '@vscode/debugprotocol';
import { PylatchError } from '../common/errors';

/** A body longer than this is refused: no client sends one, so it is a mistake or an attack. Bytes. */
export const MAX_BODY = 16 * 1024 * 1024;

/** A header block longer than this is not one. Bytes. */
const MAX_HEADER = 4096;
const HEADER_END = Buffer.from('\r\n\r\n');
const LENGTH_FIELD = Buffer.from('Content-Length:');

/** What the decoder finds in a byte stream. */
export interface DecoderListener {
  /** A JSON value; that it is a DAP message is the session's business to check. */
  onMessage(message: unknown): void;
  /** Bytes that are no message. Told once for each broken stretch; decoding goes on after it. */
  onError(error: PylatchError): void;
}

/**
 * Cuts a byte stream into DAP messages. After anything malformed it goes on at the next `Content-Length:`,
 * also when that one lies inside a body whose announced length was too long.
 */
export class MessageDecoder {
  private buffer: Buffer = Buffer.alloc(0);
  private body: number | undefined;
  private lost = false;

  constructor(private readonly listener: DecoderListener) {}

  feed(chunk: Buffer): void {
    this.buffer = this.buffer.length === 0 ? chunk : Buffer.concat([this.buffer, chunk]);
    while (this.step());
  }

  /** Makes one piece of progress; false when more bytes are needed. */
  private step(): boolean {
    if (this.lost) return this.synchronise();
    return this.body === undefined ? this.readHeader() : this.readBody(this.body);
  }

  private readHeader(): boolean {
    const end = this.buffer.indexOf(HEADER_END);
    if (end < 0 && this.buffer.length <= MAX_HEADER) return false;
    if (end < 0 || end > MAX_HEADER) return this.lose(1, `a header of more than ${MAX_HEADER} bytes`);
    const header = this.buffer.toString('latin1', 0, end);
    const length = contentLength(header);
    if (length === undefined) return this.lose(1, `the header ${quote(header)}`);
    if (length > MAX_BODY) return this.lose(end, `a message of ${length} bytes (the limit is ${MAX_BODY})`);
    this.buffer = this.buffer.subarray(end + HEADER_END.length);
    this.body = length;
    return true;
  }

  private readBody(length: number): boolean {
    if (this.buffer.length < length) return false;
    this.body = undefined;
    const text = this.buffer.toString('utf8', 0, length);
    const message = parse(text);
    if (message === undefined) return this.loseBody(length, text);
    this.buffer = this.buffer.subarray(length);
    this.listener.onMessage(message.value);
    return true;
  }

  /** A length that was too long has swallowed the next header: look for it before skipping the body. */
  private loseBody(length: number, text: string): boolean {
    const next = this.buffer.indexOf(LENGTH_FIELD);
    return this.lose(next >= 0 && next < length ? next : length, `a body that is not JSON: ${quote(text)}`);
  }

  private lose(skip: number, what: string): boolean {
    this.buffer = this.buffer.subarray(skip);
    this.lost = true;
    this.listener.onError(
      new PylatchError(
        'malformed-message',
        `The client sent ${what}.`,
        'It was ignored; the session goes on with the next "Content-Length:" header.',
      ),
    );
    return true;
  }

  private synchronise(): boolean {
    const next = this.buffer.indexOf(LENGTH_FIELD);
    this.lost = next < 0;
    // The last bytes may be the beginning of the field.
    const keep = next < 0 ? Math.max(0, this.buffer.length - LENGTH_FIELD.length + 1) : next;
    this.buffer = this.buffer.subarray(keep);
    return next >= 0;
  }
}

/** One message as one buffer, so that one write sends it whole (two would meet Nagle's algorithm). */
export function encode(message: DebugProtocol.ProtocolMessage): Buffer {
  const json = JSON.stringify(message);
  return Buffer.from(`Content-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`);
}

function contentLength(header: string): number | undefined {
  const lines = header.split('\r\n');
  if (!lines.every((line) => /^[\w-]+: *[^\r\n]*$/.test(line))) return undefined;
  const found = lines.map((line) => /^content-length: *(\d{1,15}) *$/i.exec(line)).find((match) => match);
  return found ? Number(found[1]) : undefined;
}

/** The value in a box, because `null` and `false` are values too. */
function parse(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text);
}
