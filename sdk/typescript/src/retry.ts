/**
 * Whether and when a request that may be repeated is repeated. No I/O.
 * @module
 */

import { ApiError, NetworkError, TimeoutError } from './errors.js';

/** How persistent a client is. */
export interface RetryPolicy {
  /** Repetitions of one request, the first try and waits for a limit of rate (`rate_limited`) not counted; 0: none at all. */
  maxRetries: number;
  /** About the first pause; each further one is twice as long. */
  minDelayMs: number;
  /** The longest pause of our own making. */
  maxDelayMs: number;
  /** An API that asks for a longer pause than this is not waited for: its refusal is thrown, with `retryAfterMs`. */
  maxRetryAfterMs: number;
}

/** A pause before a repetition, as `onRetry` hears of it. */
export interface Retry {
  /** What went wrong. */
  error: Error;
  /** 1 for the first repetition, and for waits for a limit of rate before it. */
  attempt: number;
  /** Length of the pause. */
  delayMs: number;
}

/** Four repetitions, half a second to twenty, and up to two minutes where the API says so. */
export const DEFAULT_RETRY: Readonly<RetryPolicy> = {
  maxRetries: 4,
  minDelayMs: 500,
  maxDelayMs: 20_000,
  maxRetryAfterMs: 120_000,
};

/**
 * How long to pause before repetition `attempt` (1 for the first); null: give up and throw.
 *
 * 429 and 503 are waited out as `Retry-After` says, never shorter. A 429 without it is a quota that time alone does not
 * free. 502 and 504 come from what stands before the API.
 */
export function pauseMs(error: unknown, attempt: number, policy: RetryPolicy, random: () => number): number | null {
  if (attempt > policy.maxRetries) return null;
  if (error instanceof NetworkError || error instanceof TimeoutError) return backoffMs(attempt, policy, random);
  if (!(error instanceof ApiError)) return null;
  if (error.status === 429 || error.status === 503) {
    const asked = error.retryAfterMs;
    if (asked === null) return error.status === 429 ? null : backoffMs(attempt, policy, random);
    // Many who were refused together shall not come back together.
    return asked > policy.maxRetryAfterMs ? null : asked + random() * policy.minDelayMs;
  }
  return error.status === 502 || error.status === 504 ? backoffMs(attempt, policy, random) : null;
}

/**
 * Whether the API only paces the caller and says when the next is taken. Such waits are not counted: of many that are handed in
 * at once one after the other is taken, and the last has been told to wait as often as there were before it.
 */
export function isPaced(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'rate_limited' && error.retryAfterMs !== null;
}

/** The pause before repetition `attempt`: doubled each time, by chance between its half and its whole. */
export function backoffMs(attempt: number, policy: RetryPolicy, random: () => number): number {
  const whole = Math.min(policy.maxDelayMs, policy.minDelayMs * 2 ** (attempt - 1));
  return whole * (0.5 + random() / 2);
}
