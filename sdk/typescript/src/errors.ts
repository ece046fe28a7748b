/**
 * Everything that this package throws: one tree under {@link StenopoolError}.
 * @module
 */

import type { FailureReason, Problem } from './types.js';

/** Root of the tree. */
export class StenopoolError extends Error {
  override name = 'StenopoolError';
}

/** Nobody answered, or the connection broke; `cause` is the platform's own error. */
export class NetworkError extends StenopoolError {
  override name = 'NetworkError';
}

/** It took longer than `timeoutMs`, or than a signal of `AbortSignal.timeout()`. */
export class TimeoutError extends StenopoolError {
  override name = 'TimeoutError';
}

/** The caller's signal was aborted; `cause` is its reason. */
export class AbortError extends StenopoolError {
  override name = 'AbortError';
}

/** What came is not what the API says, for instance a page of a proxy. */
export class ProtocolError extends StenopoolError {
  override name = 'ProtocolError';
}

/** The API refused. Act on `code`, which is stable; `message` and `hint` are for people. */
export class ApiError extends StenopoolError {
  override name = 'ApiError';
  /** Stable code, for instance `not_audio`; `http_502` where what answered was not the API. */
  readonly code: string;
  /** HTTP status. */
  readonly status: number;
  /** What to change; may be empty. */
  readonly hint: string;
  /** Names the request in the API's log. */
  readonly requestId: string | null;
  /** How long the API asks to wait, or null. */
  readonly retryAfterMs: number | null;

  constructor(
    /** All that the API said. */
    readonly problem: Problem,
    headers: Headers = new Headers(),
  ) {
    super(problem.detail);
    this.code = problem.code;
    this.status = problem.status;
    this.hint = problem.hint;
    this.requestId = problem.request_id ?? headers.get('X-Request-ID');
    this.retryAfterMs = retryAfterMs(headers);
  }
}

/** 400, 408, 413, 415, 416, 422: the request must change. */
export class InvalidRequestError extends ApiError {
  override name = 'InvalidRequestError';
}

/** 401: no key, or one that is not good. */
export class AuthenticationError extends ApiError {
  override name = 'AuthenticationError';
}

/** 403: the key may not do this. */
export class PermissionError extends ApiError {
  override name = 'PermissionError';
}

/** 404: no such job. */
export class NotFoundError extends ApiError {
  override name = 'NotFoundError';
}

/** 409: not in the job's state. */
export class ConflictError extends ApiError {
  override name = 'ConflictError';
}

/** 409 `not_finished`: the result was asked for before the job ended. */
export class NotFinishedError extends ConflictError {
  override name = 'NotFinishedError';
}

/** 409 `job_failed`: there is no result; `reason` says why. */
export class JobFailedError extends ConflictError {
  override name = 'JobFailedError';

  /** Why the job failed. */
  get reason(): FailureReason | null {
    return this.problem.error ?? null;
  }
}

/** 409 `job_cancelled`: there is no result, somebody took the job back. */
export class JobCancelledError extends ConflictError {
  override name = 'JobCancelledError';
}

/** 410: it was there and is not kept any more. */
export class GoneError extends ApiError {
  override name = 'GoneError';
}

/** 429: too many submissions, or a quota; `retryAfterMs` is null where time alone does not help. */
export class RateLimitError extends ApiError {
  override name = 'RateLimitError';
}

/** 429 `quota_…`: the tenant has as much as it may have. */
export class QuotaExceededError extends RateLimitError {
  override name = 'QuotaExceededError';
}

/** 5xx: not the caller's fault. */
export class ServerError extends ApiError {
  override name = 'ServerError';
}

/** 502, 503, 504, 507: not now; the same request may be good later. */
export class UnavailableError extends ServerError {
  override name = 'UnavailableError';
}

const BY_STATUS: Readonly<Record<number, typeof ApiError>> = {
  400: InvalidRequestError,
  401: AuthenticationError,
  403: PermissionError,
  404: NotFoundError,
  408: InvalidRequestError,
  409: ConflictError,
  410: GoneError,
  413: InvalidRequestError,
  415: InvalidRequestError,
  416: InvalidRequestError,
  422: InvalidRequestError,
  429: RateLimitError,
  502: UnavailableError,
  503: UnavailableError,
  504: UnavailableError,
  507: UnavailableError,
};

const BY_CODE: Readonly<Record<string, typeof ApiError>> = {
  not_finished: NotFinishedError,
  job_failed: JobFailedError,
  job_cancelled: JobCancelledError,
  quota_active_jobs: QuotaExceededError,
  quota_audio: QuotaExceededError,
  quota_stored: QuotaExceededError,
};

/** The error that an answer with an error's status is; reads its body. */
export async function errorOf(response: Response): Promise<ApiError> {
  const problem = problemIn(await response.text(), response);
  const kind =
    BY_CODE[problem.code] ?? BY_STATUS[response.status] ?? (response.status >= 500 ? ServerError : ApiError);
  return new kind(problem, response.headers);
}

/** Milliseconds of `Retry-After`, which is a number of seconds or a date (RFC 9110, 10.2.3); null without one. */
export function retryAfterMs(headers: Headers, nowMs: number = Date.now()): number | null {
  const value = headers.get('Retry-After')?.trim();
  if (!value) return null;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, at - nowMs);
}

function problemIn(body: string, response: Response): Problem {
  try {
    const read: unknown = JSON.parse(body);
    if (isProblem(read)) return { ...read, status: response.status };
  } catch {
    // No JSON: what answered was not the API.
  }
  return {
    type: 'about:blank',
    title: response.statusText,
    status: response.status,
    detail: `something before the API answered ${response.status} ${response.statusText}`.trim(),
    code: `http_${response.status}`,
    hint: '',
    instance: '',
  };
}

function isProblem(read: unknown): read is Problem {
  if (typeof read !== 'object' || read === null) return false;
  const fields = read as Partial<Record<keyof Problem, unknown>>;
  return typeof fields.code === 'string' && typeof fields.detail === 'string' && typeof fields.hint === 'string';
}
