/**
 * A stream of events that outlives its connections.
 * @module
 */

import { Deadline, pause } from './deadline.js';
import { NetworkError, ProtocolError, TimeoutError } from './errors.js';
import type { Http } from './http.js';
import type { EventOptions } from './options.js';
import { backoffMs } from './retry.js';
import { type ServerSentEvent, SseParser } from './sse.js';

/** The API sends a comment every ten seconds; a connection that is silent for longer than this is dead. */
const SILENCE_MS = 35_000;
/** Pause before coming back where the API names none. */
const COME_BACK_MS = 1000;

/** A connection that held for so long was no failure. */
const STEADY_MS = 10_000;

/** Which stream is read. */
export interface StreamKind {
  path: string;
  /** What is passed on; other types are not. */
  types: ReadonlySet<string>;
  /** What the stream ends with. */
  lastTypes: ReadonlySet<string>;
}

/**
 * Events for `for await`. After a cut it comes back behind the last event that it has, so that nothing is missed and nothing
 * comes twice but states. Leaving the loop closes the connection. Each loop is a connection of its own.
 */
export class EventStream<E extends { type: string }> implements AsyncIterable<E> {
  /** Behind this event the stream would go on; an id may come without an event. */
  lastEventId: string;
  readonly #http: Http;
  readonly #kind: StreamKind;
  readonly #options: EventOptions;
  #retryMs: number = COME_BACK_MS;

  constructor(http: Http, kind: StreamKind, options: EventOptions = {}) {
    this.#http = http;
    this.#kind = kind;
    this.#options = options;
    this.lastEventId = options.lastEventId ?? '';
  }

  /**
   * Opens it. Throws what a request throws: {@link NotFoundError} also when the job is deleted meanwhile, and
   * {@link NetworkError} once coming back was in vain `maxRetries` times in a row.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<E, void, undefined> {
    const maxRetries = this.#options.maxRetries ?? this.#http.retry.maxRetries;
    for (let failures = 0; ; ) {
      const connection = new Deadline(this.#options.signal, SILENCE_MS);
      let cut: Error = new NetworkError('the stream ended before its last event');
      const beganMs = Date.now();
      let isOpen = false;
      try {
        const body = await this.#open(connection);
        isOpen = true;
        if (body === null) return;
        for await (const event of this.#eventsIn(body, connection)) {
          failures = 0;
          yield { type: event.type, id: event.lastEventId, data: read(event.data) } as unknown as E;
          if (this.#kind.lastTypes.has(event.type)) return;
        }
      } catch (error) {
        // What could not be opened was tried often enough; and what the caller's own functions throw is the caller's.
        const isCut = isOpen && (error instanceof NetworkError || error instanceof TimeoutError);
        if (!isCut || this.#options.signal?.aborted) throw error;
        cut = error;
      } finally {
        connection.abort();
      }
      failures = Date.now() - beganMs > STEADY_MS ? 1 : failures + 1;
      if (failures > maxRetries) throw cut;
      await this.#comeBack(cut, failures);
    }
  }

  async #comeBack(cut: Error, failures: number): Promise<void> {
    const policy = { ...this.#http.retry, minDelayMs: this.#retryMs };
    const delayMs = backoffMs(failures, policy, Math.random);
    (this.#options.onRetry ?? this.#http.onRetry)?.({ error: cut, attempt: failures, delayMs });
    await pause(delayMs, this.#options.signal);
  }

  /** The body of an answer; null where there is nothing more to come. */
  async #open(connection: Deadline): Promise<ReadableStream<Uint8Array> | null> {
    const { maxRetries, onRetry } = this.#options;
    const headers: Record<string, string> = { Accept: 'text/event-stream' };
    if (this.lastEventId) headers['Last-Event-ID'] = this.lastEventId;
    // The limit of silence is for the stream: before it begins a busy API may ask for longer pauses.
    connection.stopClock();
    const response = await this.#http.send(
      { path: this.#kind.path, headers, mayRepeat: true, staysOpen: true, read: async (answer) => answer },
      { signal: connection.signal, maxRetries, onRetry },
    );
    if (response.status === 204) return null;
    const type = response.headers.get('Content-Type') ?? '';
    if (!type.startsWith('text/event-stream')) throw new ProtocolError(`events were to come, not ${type || 'nothing'}`);
    if (response.body === null) throw new ProtocolError('this fetch gives no streams');
    return response.body;
  }

  async *#eventsIn(body: ReadableStream<Uint8Array>, connection: Deadline): AsyncGenerator<ServerSentEvent> {
    const parser = new SseParser(this.lastEventId);
    const reader = body.getReader();
    for (let isTold = false; ; ) {
      // Only the line may not be silent; a listener takes its time.
      connection.restart();
      const { done, value } = await reader.read().catch((error: unknown) => {
        throw connection.explain(error);
      });
      connection.stopClock();
      if (done) return;
      const events = parser.push(value);
      this.#retryMs = parser.retryMs ?? this.#retryMs;
      if (parser.hasHeard && !isTold) {
        isTold = true;
        this.#options.onOpen?.();
      }
      for (const event of events) {
        this.lastEventId = event.lastEventId;
        if (this.#kind.types.has(event.type)) yield event;
      }
      this.lastEventId = parser.lastEventId;
    }
  }
}

function read(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch (error) {
    throw new ProtocolError(`an event holds no JSON: ${data.slice(0, 80)}`, { cause: error });
  }
}
