/**
 * The request that a job was made by.
 * @module
 */

import type { JobStatus, TranscriptionFields } from '@stenopool/client';

/** What the server does where nothing else is asked (docs/reference/http.md). */
const DEFAULTS: Readonly<Record<string, unknown>> = {
  language: 'auto',
  task: 'transcribe',
  vad_filter: true,
  word_timestamps: false,
  initial_prompt: null,
  hotwords: null,
  beam_size: 5,
  temperature: 0,
};

/** Its options as fields of a submission, without those that are as the server has them anyway. */
export function fieldsOfJob(job: Pick<JobStatus, 'options'>): TranscriptionFields {
  const chosen = Object.entries(job.options ?? {}).filter(
    ([name, value]) => name in DEFAULTS && value !== DEFAULTS[name] && value !== null && value !== '',
  );
  return Object.fromEntries(chosen) as TranscriptionFields;
}

/** Where the API of this page is. */
export function addressOfApi(): string {
  return new URL('.', location.href).href.replace(/\/$/, '');
}
