/**
 * The client: one method for each thing that people do with the API.
 * @module
 */

import { EventStream } from './eventStream.js';
import { JOB_EVENTS, type JobEvent, LAST_EVENTS, TENANT_EVENTS, type TenantEvent } from './eventTypes.js';
import { Http, type Query, readJson } from './http.js';
import { retryAfterMs } from './errors.js';
import { multipart } from './multipart.js';
import type {
  CallOptions,
  ClientOptions,
  EventOptions,
  PollOptions,
  StatusOptions,
  SubmitOptions,
  TextResultOptions,
  WaitOptions,
} from './options.js';
import { randomId } from './randomId.js';
import type {
  AcceptedJob,
  Health,
  JobPage,
  JobStatus,
  ListFilter,
  MediaLink,
  Model,
  Peaks,
  Recording,
  RemovedJob,
  TranscriptionResult,
  Usage,
  UsagePeriod,
  WebhookLog,
} from './types.js';
import { type JobSource, pollForEnd, type StatusAnswer, waitForEnd } from './waiting.js';

const HELD_MARGIN_MS = 30_000;
/** Who waits for hours outlasts an API that is away for two minutes or three. */
const WAITING_RETRIES = 15;

/**
 * Speaks to one API. Every method throws only {@link StenopoolError}s, takes a `signal`, and repeats by itself what may be
 * repeated: reading, submitting (under an `Idempotency-Key` of its own making), `cancelJob` and `createMediaLink`.
 */
export class StenopoolClient {
  readonly #http: Http;

  constructor(options: ClientOptions = {}) {
    this.#http = new Http(options);
  }

  /** Hands in a recording; the answer comes once it is uploaded, and names the job. */
  submitTranscription(recording: Recording, options: SubmitOptions = {}): Promise<AcceptedJob> {
    const { signal, timeoutMs, maxRetries, onRetry, filename, idempotencyKey, onUploadProgress, ...fields } = options;
    return this.#http.json(
      {
        method: 'POST',
        path: '/transcribe',
        headers: { 'Idempotency-Key': idempotencyKey ?? randomId() },
        form: multipart(recording, fields, filename),
        onUploadProgress,
        mayRepeat: true,
      },
      { signal, timeoutMs, maxRetries, onRetry },
    );
  }

  /** {@link submitTranscription} and {@link waitForResult} in one. `timeoutMs` limits each of them. */
  async transcribe(recording: Recording, options: SubmitOptions & WaitOptions = {}): Promise<TranscriptionResult> {
    const { onStatus, onEvent, ...submission } = options;
    const { job_id } = await this.submitTranscription(recording, submission);
    const { signal, timeoutMs, onRetry } = options;
    return this.waitForResult(job_id, { signal, timeoutMs, onRetry, onStatus, onEvent });
  }

  /** Where the job stands. */
  async getJobStatus(jobId: string, options: StatusOptions = {}): Promise<JobStatus> {
    const answer = await this.#status(jobId, options, options.waitSeconds ?? 0, null);
    return answer.status as JobStatus;
  }

  /**
   * The transcript of a completed job, as JSON or as text in another format.
   * Throws {@link JobFailedError}, {@link JobCancelledError}, {@link ConflictError} (`not_finished`), {@link GoneError}.
   */
  getResult(jobId: string, options: TextResultOptions): Promise<string>;
  getResult(jobId: string, options?: CallOptions): Promise<TranscriptionResult>;
  getResult(jobId: string, options: CallOptions | TextResultOptions = {}): Promise<TranscriptionResult | string> {
    const path = `/result/${segment(jobId)}`;
    if (!('format' in options) || options.format === undefined) return this.#get<TranscriptionResult>(path, options);
    const { signal, timeoutMs, maxRetries, onRetry, ...query } = options;
    const read = (response: Response): Promise<string> => response.text();
    const headers = { Accept: '*/*' };
    return this.#http.send({ path, query, headers, mayRepeat: true, read }, { signal, timeoutMs, maxRetries, onRetry });
  }

  /**
   * Waits for the end of a job and gives its transcript: by events where they come through, else by answers that the API
   * holds back, else by asking now and then. Throws {@link JobFailedError} or {@link JobCancelledError} where there is none.
   */
  async waitForResult(jobId: string, options: WaitOptions = {}): Promise<TranscriptionResult> {
    await this.waitForEnd(jobId, options);
    return this.getResult(jobId, { signal: options.signal, onRetry: options.onRetry });
  }

  /** Waits in the same way for the end, whichever it is, and gives the last status. */
  waitForEnd(jobId: string, options: WaitOptions = {}): Promise<JobStatus> {
    return waitForEnd(this.#source(jobId, options), options);
  }

  /** As {@link waitForResult}, without events. */
  async pollJobStatus(jobId: string, options: PollOptions = {}): Promise<TranscriptionResult> {
    await pollForEnd(this.#source(jobId, options), options);
    return this.getResult(jobId, { signal: options.signal, onRetry: options.onRetry });
  }

  /** What becomes of a job and its text as it is recognised, to its end; see {@link EventStream}. */
  events(jobId: string, options: EventOptions = {}): EventStream<JobEvent> {
    const path = `/jobs/${segment(jobId)}/events`;
    return new EventStream(this.#http, { path, types: JOB_EVENTS, lastTypes: LAST_EVENTS }, options);
  }

  /** What becomes of all your jobs. Load the list in `onOpen`, so that nothing falls in between; it does not end by itself. */
  allEvents(options: EventOptions = {}): EventStream<TenantEvent> {
    return new EventStream(this.#http, { path: '/jobs/events', types: TENANT_EVENTS, lastTypes: new Set() }, options);
  }

  /** One page of your jobs, newest first; `after` is the `next` of the page before. */
  listJobs(filter: ListFilter & { after?: string } = {}, options: CallOptions = {}): Promise<JobPage> {
    return this.#get('/jobs', options, { ...filter });
  }

  /** Your jobs, newest first, page after page as they are asked for. */
  async *jobs(filter: ListFilter = {}, options: CallOptions = {}): AsyncGenerator<JobStatus, void, undefined> {
    let page = await this.listJobs(filter, options);
    yield* page.data;
    while (page.has_more && page.next !== null) {
      page = await this.listJobs({ ...filter, after: page.next }, options);
      yield* page.data;
    }
  }

  /** Takes a job back; one that was taken back before is left as it is. {@link ConflictError} where it ended otherwise. */
  cancelJob(jobId: string, options: CallOptions = {}): Promise<RemovedJob> {
    return this.#delete(jobId, { only: 'active' }, options);
  }

  /** Deletes a job that has ended, with its recording and transcript; cancels one that has not. Never repeated by itself. */
  deleteJob(jobId: string, options: CallOptions = {}): Promise<RemovedJob> {
    return this.#delete(jobId, {}, options);
  }

  /** Gives a failed or cancelled job another try, with the recording that was uploaded. Never repeated by itself. */
  retryJob(jobId: string, options: CallOptions = {}): Promise<AcceptedJob> {
    return this.#http.json({ method: 'POST', path: `/jobs/${segment(jobId)}/retry`, mayRepeat: false }, options);
  }

  /** A link that plays the recording for an hour without a key, for `src` of an audio element; `url` is whole. */
  async createMediaLink(jobId: string, options: CallOptions = {}): Promise<MediaLink> {
    const path = `/jobs/${segment(jobId)}/media-link`;
    const link = await this.#http.json<MediaLink>({ method: 'POST', path, mayRepeat: true }, options);
    return { ...link, url: this.#http.address(link.url) };
  }

  /** The recording as it was uploaded; `range` as in `bytes=0-65535`. Read its body, which has no limit of time. */
  getMedia(jobId: string, options: CallOptions & { range?: string } = {}): Promise<Response> {
    const headers: Record<string, string> = { Accept: '*/*' };
    if (options.range !== undefined) headers['Range'] = options.range;
    const path = `/jobs/${segment(jobId)}/media`;
    return this.#http.send({ path, headers, mayRepeat: true, staysOpen: true, read: async (answer) => answer }, options);
  }

  /** The outline of the recording, to be drawn. */
  getPeaks(jobId: string, options: CallOptions = {}): Promise<Peaks> {
    return this.#get(`/jobs/${segment(jobId)}/peaks`, options);
  }

  /** What the job's webhook was told. */
  getWebhookLog(jobId: string, options: CallOptions = {}): Promise<WebhookLog> {
    return this.#get(`/jobs/${segment(jobId)}/webhooks`, options);
  }

  /** What you had done, day by day; the last 30 days where none are named. */
  getUsage(period: UsagePeriod = {}, options: CallOptions = {}): Promise<Usage> {
    return this.#get('/usage', options, { ...period });
  }

  /** The models that the operator runs. */
  async listModels(options: CallOptions = {}): Promise<Model[]> {
    return (await this.#get<{ data: Model[] }>('/v1/models', options)).data;
  }

  /** The platform's health; also of an unhealthy one. */
  getHealth(options: CallOptions = {}): Promise<Health> {
    return this.#http.json({ path: '/health', mayRepeat: true, accepts: [503] }, options);
  }

  #get<T>(path: string, options: CallOptions, query: Query = {}): Promise<T> {
    return this.#http.json({ path, query, mayRepeat: true }, options);
  }

  #delete(jobId: string, query: { only?: 'active' }, options: CallOptions): Promise<RemovedJob> {
    const path = `/job/${segment(jobId)}`;
    return this.#http.json({ method: 'DELETE', path, query, mayRepeat: query.only === 'active' }, options);
  }

  #source(jobId: string, options: PollOptions): JobSource {
    const { onRetry } = options;
    const maxRetries = Math.max(this.#http.retry.maxRetries, WAITING_RETRIES);
    return {
      events: (signal) => this.events(jobId, { signal, onRetry }),
      ask: (signal, heldSeconds, etag) => this.#status(jobId, { signal, onRetry, maxRetries }, heldSeconds, etag),
    };
  }

  #status(jobId: string, options: CallOptions, heldSeconds: number, etag: string | null): Promise<StatusAnswer> {
    const headers: Record<string, string> = {};
    if (heldSeconds > 0) headers['Prefer'] = `wait=${heldSeconds}`;
    if (etag !== null) headers['If-None-Match'] = etag;
    const timeoutMs = options.timeoutMs ?? (heldSeconds > 0 ? heldSeconds * 1000 + HELD_MARGIN_MS : undefined);
    const read = async (response: Response): Promise<StatusAnswer> => ({
      status: response.status === 304 ? null : await readJson<JobStatus>(response),
      etag: response.headers.get('ETag') ?? etag,
      wasHeld: response.headers.has('Preference-Applied'),
      retryAfterMs: retryAfterMs(response.headers),
    });
    const path = `/status/${segment(jobId)}`;
    return this.#http.send({ path, headers, mayRepeat: true, accepts: [304], read }, { ...options, timeoutMs });
  }
}

function segment(jobId: string): string {
  return encodeURIComponent(jobId);
}
