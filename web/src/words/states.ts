/**
 * What a job is doing, in words.
 * @module
 */

import type { JobStatus } from '@stenopool/client';
import { about, ordinal, percent } from './times';

/** One short line for the list and the title of its page. */
export function stateLine(job: JobStatus): string {
  switch (job.status) {
    case 'queued':
      return job.position === null ? 'Waiting' : `Waiting, ${ordinal(job.position)} in line`;
    case 'processing':
      return job.progress > 0 ? `Transcribing, ${percent(job.progress)}` : workOf(job);
    case 'completed':
      return 'Done';
    case 'failed':
      return 'Failed';
    case 'cancelled':
      return 'Cancelled';
  }
}

/** How long it will take, as far as anybody knows; empty where not. */
export function etaLine(job: JobStatus): string {
  if (job.eta_seconds === null || job.status === 'completed') return '';
  return `${about(job.eta_seconds)} left`;
}

function workOf(job: JobStatus): string {
  switch (job.stage) {
    case 'prepare':
      return 'Reading the recording';
    case 'detect':
      return 'Finding the language';
    case 'assemble':
      return 'Putting the text together';
    default:
      return 'Transcribing';
  }
}
