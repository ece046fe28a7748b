/**
 * What goes over the wire, named for people. The shapes come from the API's own description (openapi.ts); fields keep the
 * names that they have there.
 * @module
 */

import type { components, operations } from './openapi.js';

type Schemas = components['schemas'];
type SubmissionForm = operations['submit_transcription']['requestBody']['content']['multipart/form-data'];
type ListQuery = NonNullable<operations['list_jobs']['parameters']['query']>;
type ResultQuery = NonNullable<operations['get_result']['parameters']['query']>;
type UsageQuery = NonNullable<operations['get_usage']['parameters']['query']>;

/** `queued`, `processing`, `completed`, `failed` or `cancelled`; the last three never change. */
export type JobState = Schemas['RunState'];
/** The answer to a submission. */
export type AcceptedJob = Schemas['AcceptedBody'];
/** Where a job stands. */
export type JobStatus = Schemas['StatusBody'];
/** One page of jobs, newest first. */
export type JobPage = Schemas['ListBody'];
/** What became of a job that was taken back or deleted. */
export type RemovedJob = Schemas['RemovedBody'];
/** The transcript of a completed job. */
export type TranscriptionResult = Schemas['ResultBody'];
/** A stretch of speech; times are seconds from the start of the recording. */
export type Segment = Schemas['SegmentBody'];
/** A word of a segment, with `word_timestamps`. */
export type Word = Schemas['WordBody'];
/** Why a job failed. */
export type FailureReason = Schemas['ReasonBody'];
/** A link that plays a recording without a key. */
export type MediaLink = Schemas['MediaLinkBody'];
/** The outline of a recording, as audiowaveform writes it. */
export type Peaks = Schemas['PeaksBody'];
/** What a job's webhook was told. */
export type WebhookLog = Schemas['WebhookLogBody'];
/** A model that the operator runs; `id` is what a submission names. */
export type Model = Schemas['ModelBody'];
/** What was done, day by day. */
export type Usage = Schemas['api__usage_schemas__UsageBody'];
/** The platform's health. */
export type Health = Schemas['HealthBody'];
/** An error as it comes over the wire (RFC 9457). */
export type Problem = Schemas['Problem'];

/** A recording: a `File` of an input, any `Blob`, or bytes. In Node `fileFromPath` makes one without reading it. */
export type Recording = Blob | ArrayBuffer | ArrayBufferView;

/** Fields of a submission; what is left out is the operator's default. */
export type TranscriptionFields = Omit<SubmissionForm, 'file' | 'metadata'> & {
  /** An object that comes back with status and list. */
  metadata?: Record<string, unknown>;
};

/** Which jobs are listed. */
export type ListFilter = Omit<ListQuery, 'after'>;
/** Formats of a result that are text. */
export type TextFormat = Exclude<NonNullable<ResultQuery['format']>, 'json'>;
/** How subtitles are laid out; what is left out follows the guide of the language. */
export type SubtitleLayout = Omit<ResultQuery, 'format'>;
/** The days that are told of, both ends included, as `2026-11-30`. */
export type UsagePeriod = Pick<UsageQuery, 'from' | 'to'>;

/** Whether a job in this state has ended. */
export function hasEnded(state: JobState): boolean {
  return state !== 'queued' && state !== 'processing';
}
