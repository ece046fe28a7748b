/**
 * The four functions without a client of one's own: they speak to the page's own origin until {@link configure} says
 * otherwise.
 *
 * ```ts
 * const { job_id } = await submitTranscription(file);
 * const result = await pollJobStatus(job_id);
 * ```
 * @module
 */

import { StenopoolClient } from './client.js';
import type { CallOptions, ClientOptions, PollOptions, StatusOptions, SubmitOptions } from './options.js';
import type { AcceptedJob, JobStatus, Recording, TranscriptionResult } from './types.js';

let client: StenopoolClient | undefined;

/** Tells the four functions where the API is; a page of the API itself needs it for its key alone. */
export function configure(options: ClientOptions): void {
  client = new StenopoolClient(options);
}

/** As {@link StenopoolClient.submitTranscription}. */
export function submitTranscription(recording: Recording, options?: SubmitOptions): Promise<AcceptedJob> {
  return chosen().submitTranscription(recording, options);
}

/** As {@link StenopoolClient.getJobStatus}. */
export function getJobStatus(jobId: string, options?: StatusOptions): Promise<JobStatus> {
  return chosen().getJobStatus(jobId, options);
}

/** As {@link StenopoolClient.getResult}, as JSON. */
export function getResult(jobId: string, options?: CallOptions): Promise<TranscriptionResult> {
  return chosen().getResult(jobId, options);
}

/** As {@link StenopoolClient.pollJobStatus}: waits for the end and gives the transcript. */
export function pollJobStatus(jobId: string, options?: PollOptions): Promise<TranscriptionResult> {
  return chosen().pollJobStatus(jobId, options);
}

function chosen(): StenopoolClient {
  client ??= new StenopoolClient();
  return client;
}
