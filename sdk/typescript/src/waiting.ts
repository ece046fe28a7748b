/**
 * Waiting for the end of a job: by its events, else by answers that are held back, else by asking now and then.
 * @module
 */

import { Deadline, pause } from './deadline.js';
import { NetworkError, ProtocolError, StenopoolError, TimeoutError, UnavailableError } from './errors.js';
import type { JobEvent } from './eventTypes.js';
import type { PollOptions, WaitOptions } from './options.js';
import { backoffMs } from './retry.js';
import { hasEnded, type JobStatus } from './types.js';

/** An API says at once where a job is. What says nothing for so long stands behind something that collects answers. */
const FIRST_EVENT_MS = 10_000;
/** The longest that the API holds an answer back. */
const HELD_SECONDS = 30;
const PAUSES = { maxRetries: Infinity, minDelayMs: 1000, maxDelayMs: 10_000, maxRetryAfterMs: Infinity };

/** An answer to the question where a job stands. */
export interface StatusAnswer {
  /** Null: as before. */
  status: JobStatus | null;
  etag: string | null;
  /** Whether the answer was held back as asked. */
  wasHeld: boolean;
  retryAfterMs: number | null;
}

/** What is known of a job and how to know more. */
export interface JobSource {
  events(signal: AbortSignal): AsyncIterable<JobEvent>;
  ask(signal: AbortSignal, heldSeconds: number, etag: string | null): Promise<StatusAnswer>;
}

/** Waits by events where they can be had. Throws what asking throws, and {@link TimeoutError}. */
export function waitForEnd(job: JobSource, options: WaitOptions): Promise<JobStatus> {
  return limited(options, async (signal) => (await followed(job, options, signal)) ?? polled(job, options, signal));
}

/** Waits without events. */
export function pollForEnd(job: JobSource, options: PollOptions): Promise<JobStatus> {
  return limited(options, (signal) => polled(job, options, signal));
}

async function limited<T>(options: PollOptions, wait: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const deadline = new Deadline(options.signal, options.timeoutMs);
  try {
    return await wait(deadline.signal);
  } catch (error) {
    throw deadline.signal.aborted ? deadline.explain(error) : error;
  } finally {
    deadline.dispose();
  }
}

/** The status that the events ended with; null where they did not tell the end. */
async function followed(job: JobSource, options: WaitOptions, signal: AbortSignal): Promise<JobStatus | null> {
  const first = new Deadline(signal, FIRST_EVENT_MS);
  try {
    for await (const event of job.events(first.signal)) {
      first.stopClock();
      options.onEvent?.(event);
      if (event.type === 'segment' || event.type === 'span_restarted') continue;
      options.onStatus?.(event.data);
      if (event.type !== 'progress' && hasEnded(event.type)) return event.data;
    }
  } catch (error) {
    // What the caller's own functions throw is the caller's.
    if (signal.aborted || !(error instanceof StenopoolError) || !mayBePolled(first.explain(error))) throw error;
  } finally {
    first.abort();
  }
  return null;
}

function mayBePolled(error: Error): boolean {
  const kinds = [NetworkError, ProtocolError, TimeoutError, UnavailableError];
  return kinds.some((kind) => error instanceof kind);
}

async function polled(job: JobSource, options: PollOptions, signal: AbortSignal): Promise<JobStatus> {
  let etag: string | null = null;
  let unheld = 0;
  for (let heldSeconds = 0; ; heldSeconds = HELD_SECONDS) {
    // With the tag an answer comes with any news, without it only with the end.
    const answer = await job.ask(signal, heldSeconds, options.onStatus ? etag : null);
    etag = answer.etag;
    if (answer.status !== null) {
      options.onStatus?.(answer.status);
      if (hasEnded(answer.status.status)) return answer.status;
    }
    if (answer.wasHeld || heldSeconds === 0) {
      unheld = 0;
      continue;
    }
    unheld += 1;
    const ownMs = backoffMs(unheld, PAUSES, Math.random);
    await pause(Math.max(answer.retryAfterMs ?? 0, ownMs), signal);
  }
}
