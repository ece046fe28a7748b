/**
 * A caller's signal and a limit of time as one signal, and pauses that end with it.
 * @module
 */

import { AbortError, NetworkError, StenopoolError, TimeoutError } from './errors.js';

/**
 * Aborts when the caller does or when the time is over. Not `AbortSignal.any`, which Node 20.0 and browsers of 2023 lack.
 */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #signal: AbortSignal | undefined;
  readonly #timeoutMs: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;
  readonly #onAbort = (): void => this.#controller.abort(this.#signal?.reason);

  constructor(signal?: AbortSignal | undefined, timeoutMs?: number | undefined) {
    this.#signal = signal;
    this.#timeoutMs = timeoutMs;
    if (signal?.aborted) this.#onAbort();
    else signal?.addEventListener('abort', this.#onAbort, { once: true });
    this.restart();
  }

  /** To be given to `fetch` and to pauses. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Lets the time begin anew. */
  restart(): void {
    this.stopClock();
    // Timers hold no more than 31 bits; that is 24 days.
    if (this.#timeoutMs === undefined || this.#timeoutMs >= 2 ** 31) return;
    this.#timer = setTimeout(() => {
      this.#isOver = true;
      this.#controller.abort();
    }, this.#timeoutMs);
  }

  /** Ends the limit of time; the caller's signal goes on to count. */
  stopClock(): void {
    clearTimeout(this.#timer);
  }

  /** Forgets the caller's signal and the time. */
  dispose(): void {
    this.stopClock();
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }

  /** Ends whatever goes on under the signal, and forgets the rest. */
  abort(): void {
    this.dispose();
    this.#controller.abort();
  }

  /** What `error`, thrown by what ran under the signal, means to the caller. */
  explain(error: unknown): Error {
    if (this.#signal?.aborted) return abortedBy(this.#signal);
    if (this.#isOver) return new TimeoutError(`not done within ${this.#timeoutMs} ms`, { cause: error });
    if (error instanceof StenopoolError) return error;
    return new NetworkError('the API could not be reached, or the connection broke', { cause: error });
  }
}

/** What is thrown for an aborted signal. */
export function abortedBy(signal: AbortSignal): StenopoolError {
  const reason: unknown = signal.reason;
  if (reason instanceof Error && reason.name === 'TimeoutError') {
    return new TimeoutError('the time of the signal is over', { cause: reason });
  }
  return new AbortError('aborted by the caller', { cause: reason });
}

/** Waits; throws {@link AbortError} (or {@link TimeoutError}) as soon as `signal` is aborted. */
export function pause(delayMs: number, signal?: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(abortedBy(signal));
      return;
    }
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(abortedBy(signal as AbortSignal));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, delayMs);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
