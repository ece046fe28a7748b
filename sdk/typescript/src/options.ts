/**
 * What a client and its calls may be told.
 * @module
 */

import type { Retry, RetryPolicy } from './retry.js';
import type { OnUploadProgress } from './upload.js';
import type { JobStatus, SubtitleLayout, TextFormat, TranscriptionFields } from './types.js';
import type { JobEvent } from './eventTypes.js';

/** A key, or what gives one before each request: a token that is renewed, a key that the visitor enters. */
export type ApiKey = string | (() => string | null | undefined | Promise<string | null | undefined>);

/** Where the API is and how it is spoken to. */
export interface ClientOptions {
  /** Address of the API, for instance `https://speech.example`. By default the page's own origin. */
  baseUrl?: string | undefined;
  /** A key (`sk_…`) or a token (JWT). */
  apiKey?: ApiKey | undefined;
  /** Sent with every request. */
  headers?: Record<string, string> | undefined;
  /** Used for everything instead of the global `fetch`. */
  fetch?: typeof fetch | undefined;
  /** Longest time of one try of a request, 60,000 where not given. Uploads have no limit but their call's own. */
  timeoutMs?: number | undefined;
  /** How often and how soon a request is repeated that may be. */
  retry?: Partial<RetryPolicy> | undefined;
  /** Hears of each pause before a repetition. */
  onRetry?: ((retry: Retry) => void) | undefined;
}

/** What every call takes. */
export interface CallOptions {
  /** Ends the call: it throws an `AbortError`. */
  signal?: AbortSignal | undefined;
  /** Instead of the client's own. */
  timeoutMs?: number | undefined;
  /** Instead of the client's own; `Infinity` goes on until the signal ends it. */
  maxRetries?: number | undefined;
  /** Hears of each pause before a repetition, instead of the client's own. */
  onRetry?: ((retry: Retry) => void) | undefined;
}

/** A submission: the API's fields, and how it is sent. */
export interface SubmitOptions extends TranscriptionFields, CallOptions {
  /** Name of the file, for display; a `File` has its own. */
  filename?: string | undefined;
  /** Makes a repeated submission the same job for a day; by default one is made for each call. */
  idempotencyKey?: string | undefined;
  /** Hears how far the upload is. */
  onUploadProgress?: OnUploadProgress | undefined;
}

/** A result as text. */
export interface TextResultOptions extends CallOptions, SubtitleLayout {
  format: TextFormat;
}

/** Reading of the status. */
export interface StatusOptions extends CallOptions {
  /** Lets the API hold the answer back for so many seconds, 30 at most, until the job has ended. */
  waitSeconds?: number | undefined;
}

/** Polling. */
export interface PollOptions {
  /** Ends the waiting, not the job. */
  signal?: AbortSignal | undefined;
  /** Longest time to wait; without it as long as the job takes. */
  timeoutMs?: number | undefined;
  /** Hears where the job stands, first at once and then with each news. */
  onStatus?: ((status: JobStatus) => void) | undefined;
  /** Hears of each pause before a repetition. */
  onRetry?: ((retry: Retry) => void) | undefined;
}

/** Waiting for a result. */
export interface WaitOptions extends PollOptions {
  /** Hears every event: text as it is recognised. Nothing where the events cannot be had. */
  onEvent?: ((event: JobEvent) => void) | undefined;
}

/** Following events. */
export interface EventOptions {
  /** Ends the stream: it throws an `AbortError`. Leaving the loop ends it, too. */
  signal?: AbortSignal | undefined;
  /** Goes on behind this event, of an earlier stream. */
  lastEventId?: string | undefined;
  /**
   * Called for each connection once the API has said from where it tells: nothing that happens from now on is missed. Load
   * the list of jobs here.
   */
  onOpen?: (() => void) | undefined;
  /** Tries in a row without any news before it is given up; `Infinity` for a page that shall outlast being offline. */
  maxRetries?: number | undefined;
  /** Hears of each pause before a repetition. */
  onRetry?: ((retry: Retry) => void) | undefined;
}
