/**
 * Client for Stenopool.
 * @module
 */

export { StenopoolClient } from './client.js';
export { configure, getJobStatus, getResult, pollJobStatus, submitTranscription } from './ownOrigin.js';
export type { EventStream } from './eventStream.js';
export {
  AbortError,
  ApiError,
  AuthenticationError,
  ConflictError,
  GoneError,
  InvalidRequestError,
  JobCancelledError,
  JobFailedError,
  NetworkError,
  NotFinishedError,
  NotFoundError,
  PermissionError,
  ProtocolError,
  QuotaExceededError,
  RateLimitError,
  ServerError,
  StenopoolError,
  TimeoutError,
  UnavailableError,
} from './errors.js';
export type {
  JobEvent,
  ProgressNews,
  RestartNews,
  SegmentNews,
  StateEvent,
  StateNews,
  TenantEvent,
} from './eventTypes.js';
export type {
  ApiKey,
  CallOptions,
  ClientOptions,
  EventOptions,
  PollOptions,
  StatusOptions,
  SubmitOptions,
  TextResultOptions,
  WaitOptions,
} from './options.js';
export type { Retry, RetryPolicy } from './retry.js';
export type { OnUploadProgress, UploadProgress } from './upload.js';
export { hasEnded } from './types.js';
export type {
  AcceptedJob,
  FailureReason,
  Health,
  JobPage,
  JobState,
  JobStatus,
  ListFilter,
  MediaLink,
  Model,
  Peaks,
  Problem,
  Recording,
  RemovedJob,
  Segment,
  SubtitleLayout,
  TextFormat,
  TranscriptionFields,
  TranscriptionResult,
  Usage,
  UsagePeriod,
  WebhookLog,
  Word,
} from './types.js';
