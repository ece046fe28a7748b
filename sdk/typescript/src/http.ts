/**
 * Requests to the API: address, key, limits of time, repetitions, errors.
 * @module
 */

import { Deadline, pause } from './deadline.js';
import { errorOf, ProtocolError, StenopoolError } from './errors.js';
import type { Multipart } from './multipart.js';
import type { CallOptions, ClientOptions } from './options.js';
import { DEFAULT_RETRY, isPaced, pauseMs, type RetryPolicy } from './retry.js';
import { type OnUploadProgress, send } from './upload.js';

const TIMEOUT_MS = 60_000;

/** Parameters of an address; what is null or undefined is left out. */
export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | null | undefined>>;

/** One request and how its answer is read. */
export interface Request<T> {
  method?: 'GET' | 'POST' | 'DELETE';
  path: string;
  query?: Query;
  headers?: Record<string, string>;
  /** A submission's body. */
  form?: Multipart;
  onUploadProgress?: OnUploadProgress | undefined;
  /** Whether doing it twice is as good as once. */
  mayRepeat: boolean;
  /** Statuses that are answers, too, not errors. */
  accepts?: readonly number[];
  /** The body is read by the caller, with no limit of time. */
  staysOpen?: boolean;
  read: (response: Response) => Promise<T>;
}

interface Where {
  url: string;
  headers: Record<string, string>;
  signal: AbortSignal;
}

/** The door to the network. */
export class Http {
  /** How persistent it is. */
  readonly retry: RetryPolicy;
  readonly #options: ClientOptions;
  readonly #baseUrl: string;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#baseUrl = (options.baseUrl ?? '').replace(/\/+$/, '');
    this.retry = { ...DEFAULT_RETRY, ...options.retry };
  }

  /** The whole address of a path of the API. */
  address(path: string): string {
    return this.#baseUrl + path;
  }

  /** Hears of a pause. */
  get onRetry(): ClientOptions['onRetry'] {
    return this.#options.onRetry;
  }

  /** Makes the request, again where that is safe and promises something. */
  async send<T>(request: Request<T>, options: CallOptions = {}): Promise<T> {
    const policy = { ...this.retry, maxRetries: options.maxRetries ?? this.retry.maxRetries };
    const onRetry = options.onRetry ?? this.onRetry;
    for (let attempt = 1; ; ) {
      try {
        return await this.#once(request, options);
      } catch (error) {
        const delayMs = request.mayRepeat ? pauseMs(error, attempt, policy, Math.random) : null;
        if (delayMs === null) throw error;
        onRetry?.({ error: error as Error, attempt, delayMs });
        await pause(delayMs, options.signal);
        if (!isPaced(error)) attempt += 1;
      }
    }
  }

  /** As {@link send}, for an answer in JSON. */
  json<T>(request: Omit<Request<T>, 'read'>, options?: CallOptions): Promise<T> {
    return this.send({ ...request, read: readJson<T> }, options);
  }

  async #once<T>(request: Request<T>, options: CallOptions): Promise<T> {
    const url = this.#url(request);
    const headers = await this.#headers(request);
    const limitMs = options.timeoutMs ?? (request.form ? undefined : (this.#options.timeoutMs ?? TIMEOUT_MS));
    const deadline = new Deadline(options.signal, limitMs);
    let keeps = false;
    try {
      const response = await this.#fetch(request, { url, headers, signal: deadline.signal });
      const isAnswer = response.ok || (request.accepts ?? []).includes(response.status);
      if (!isAnswer) throw await errorOf(response);
      if (request.staysOpen) {
        deadline.stopClock();
        keeps = true;
      }
      return await request.read(response);
    } catch (error) {
      throw deadline.explain(error);
    } finally {
      if (!keeps) deadline.dispose();
    }
  }

  async #fetch<T>(request: Request<T>, { url, headers, signal }: Where): Promise<Response> {
    signal.throwIfAborted();
    const own = this.#options.fetch;
    if (request.form) {
      return send({ url, headers, form: request.form, signal, onProgress: request.onUploadProgress }, own);
    }
    // A browser's cache knows nothing of keys that come and go.
    return (own ?? fetch)(url, { method: request.method ?? 'GET', headers, signal, cache: 'no-store' });
  }

  async #headers<T>(request: Request<T>): Promise<Record<string, string>> {
    const headers = { Accept: 'application/json', ...this.#options.headers, ...request.headers };
    const key = await this.#key();
    return key ? { ...headers, Authorization: `Bearer ${key}` } : headers;
  }

  async #key(): Promise<string | null | undefined> {
    const { apiKey } = this.#options;
    return typeof apiKey === 'function' ? apiKey() : apiKey;
  }

  #url<T>(request: Request<T>): string {
    if (this.#baseUrl === '' && !this.#options.fetch && typeof location === 'undefined') {
      throw new StenopoolError('outside of a page there is no own origin: give the client a baseUrl');
    }
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(request.query ?? {})) {
      const values = Array.isArray(value) ? value : [value];
      for (const one of values) if (one !== undefined && one !== null) query.append(name, String(one));
    }
    const text = query.toString();
    return this.address(request.path) + (text && `?${text}`);
  }
}

/** Reads JSON. */
export async function readJson<T>(response: Response): Promise<T> {
  const text = await response.text();
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new ProtocolError(`the answer is no JSON: ${text.slice(0, 80)}`, { cause: error });
  }
}
