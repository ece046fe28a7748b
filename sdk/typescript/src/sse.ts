/**
 * Server-Sent Events as the WHATWG HTML standard reads them (9.2.6), from chunks that may end anywhere.
 * @module
 */

import { ProtocolError } from './errors.js';

/** An event as it came. */
export interface ServerSentEvent {
  /** `message` where none was named. */
  type: string;
  data: string;
  /** The last id that was given, by this event or one before; empty where none was. */
  lastEventId: string;
}

/** No event of the API comes near; a stream without line ends must not fill the memory. */
const MAX_PENDING_CHARS = 16 * 1024 * 1024;

/** Takes bytes, gives events. One parser reads one connection. */
export class SseParser {
  /** As of the last event that was finished, an empty one included. */
  lastEventId: string;
  /** Whether an event or an id has come; comments are neither. */
  hasHeard = false;
  /** What the server's `retry` asked for, or null. */
  retryMs: number | null = null;
  readonly #decoder = new TextDecoder();
  #rest = '';
  #endedWithCr = false;
  #type = '';
  #data: string[] = [];
  #id: string;
  #hasId = false;

  constructor(lastEventId = '') {
    this.lastEventId = lastEventId;
    this.#id = lastEventId;
  }

  /** The events that these bytes finish. What is not finished when the stream ends was never said. */
  push(bytes: Uint8Array): ServerSentEvent[] {
    let text = this.#decoder.decode(bytes, { stream: true });
    if (text === '') return [];
    // A CR LF that was cut in two is one end of a line.
    if (this.#endedWithCr && text.startsWith('\n')) text = text.slice(1);
    this.#endedWithCr = text.endsWith('\r');
    const lines = (this.#rest + text).split(/\r\n|\n|\r/);
    this.#rest = lines.pop() ?? '';
    const events = lines.map((line) => this.#line(line)).filter((event) => event !== null);
    if (this.#rest.length + this.#pendingChars() > MAX_PENDING_CHARS) throw new ProtocolError('an event without an end');
    return events;
  }

  #pendingChars(): number {
    return this.#data.reduce((sum, line) => sum + line.length, 0);
  }

  #line(line: string): ServerSentEvent | null {
    if (line === '') return this.#finish();
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'event') this.#type = value;
    else if (field === 'data') this.#data.push(value);
    else if (field === 'id' && !value.includes('\0')) this.#setId(value);
    else if (field === 'retry' && /^\d+$/.test(value)) this.retryMs = Number(value);
    return null;
  }

  #setId(value: string): void {
    this.#id = value;
    this.#hasId = true;
  }

  #finish(): ServerSentEvent | null {
    const type = this.#type || 'message';
    const data = this.#data;
    this.lastEventId = this.#id;
    this.hasHeard ||= this.#hasId || data.length > 0;
    this.#type = '';
    this.#data = [];
    return data.length === 0 ? null : { type, data: data.join('\n'), lastEventId: this.lastEventId };
  }
}
