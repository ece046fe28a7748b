/**
 * The events of a job and of all jobs.
 * @module
 */

import type { FailureReason, JobState, JobStatus, Segment } from './types.js';

interface Event<Type extends string, Data> {
  type: Type;
  /** To go on behind this event, as `lastEventId`; empty before the first that has one. */
  id: string;
  data: Data;
}

/** Text that was recognised; the words of a segment stand in the result alone. */
export interface SegmentNews {
  /** Part of the recording: segments come in order within one. */
  span: number;
  segment: Omit<Segment, 'words'>;
}

/** Another attempt begins: forget the segments of this span, all of them where it is null. */
export interface RestartNews {
  span: number | null;
}

/** States in which a job is or into which it comes. */
export type StateEvent = Event<JobState, JobStatus>;

/** What becomes of one job. */
export type JobEvent =
  | StateEvent
  | Event<'progress', JobStatus>
  | Event<'segment', SegmentNews & { job_id: string }>
  | Event<'span_restarted', RestartNews & { job_id: string }>;

/** A job came into a state; a new one begins so. */
export interface StateNews {
  job_id: string;
  status: JobState | 'deleted';
  /** Why, of a failed one. */
  error?: FailureReason | null;
}

/** How far a transcription is that one or several of the jobs share. */
export interface ProgressNews {
  job_ids: string[];
  progress: number;
  done_seconds: number;
  duration: number | null;
}

/** What becomes of all jobs of a tenant. `reload`: changes may have been missed, load the list again. */
export type TenantEvent =
  | Event<JobState | 'deleted', StateNews>
  | Event<'progress', ProgressNews>
  | Event<'segment', SegmentNews & { job_ids: string[] }>
  | Event<'span_restarted', RestartNews & { job_ids: string[] }>
  | Event<'reload', Record<string, never>>;

const STATES = ['queued', 'processing', 'completed', 'failed', 'cancelled'];

/** Types of {@link JobEvent}; others, of a later API, are passed over. */
export const JOB_EVENTS: ReadonlySet<string> = new Set([...STATES, 'progress', 'segment', 'span_restarted']);
/** Types of {@link TenantEvent}. */
export const TENANT_EVENTS: ReadonlySet<string> = new Set([...JOB_EVENTS, 'deleted', 'reload']);
/** Types after which a job's stream has nothing more. */
export const LAST_EVENTS: ReadonlySet<string> = new Set(['completed', 'failed', 'cancelled']);
