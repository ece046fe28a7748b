import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
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
  StenopoolClient,
  StenopoolError,
  TimeoutError,
  UnavailableError,
  type Retry,
} from '@stenopool/client';
import { retryAfterMs } from '../src/errors.js';
import { DEFAULT_RETRY, pauseMs } from '../src/retry.js';
import { broken, JOB, json, problem, rejection, silent, status, Stub } from './stub.js';

let api: Stub;
beforeAll(async () => {
  api = await Stub.start();
});
afterAll(() => api.stop());

describe('errors', () => {
  test.each([
    [400, 'malformed_upload', InvalidRequestError],
    [401, 'unauthenticated', AuthenticationError],
    [403, 'scope_missing', PermissionError],
    [404, 'unknown_job', NotFoundError],
    [405, 'method_not_allowed', ApiError],
    [409, 'job_ended', ConflictError],
    [409, 'not_finished', NotFinishedError],
    [409, 'job_failed', JobFailedError],
    [409, 'job_cancelled', JobCancelledError],
    [410, 'result_expired', GoneError],
    [415, 'not_audio', InvalidRequestError],
    [422, 'invalid_option', InvalidRequestError],
    [429, 'rate_limited', RateLimitError],
    [429, 'quota_stored', QuotaExceededError],
    [500, 'internal_error', ServerError],
    [507, 'disk_full', UnavailableError],
  ])('%i %s has its class', async (code, name, kind) => {
    api.tell(problem(code, name, { 'X-Request-ID': 'r1' }));
    const error = (await rejection(api.client().getResult(JOB))) as ApiError;
    expect(error.constructor).toBe(kind);
    expect(error).toBeInstanceOf(StenopoolError);
    expect(error).toMatchObject({ status: code, code: name, message: `it is ${name}`, hint: 'a hint', requestId: 'r1' });
    expect(error.name).toBe(kind.name);
  });

  test('a failed job says why', async () => {
    const reason = { code: 'no_audio', message: 'm', hint: 'h' };
    api.tell(problem(409, 'job_failed', {}, { error: reason }));
    expect(await rejection(api.client().getResult(JOB))).toMatchObject({ reason });
  });

  test("a proxy's page is an error by its status", async () => {
    api.tell((response) => void response.writeHead(413, { 'Content-Type': 'text/html' }).end('<h1>too large</h1>'));
    const error = await rejection(api.client().getJobStatus(JOB));
    expect(error).toBeInstanceOf(InvalidRequestError);
    expect(error).toMatchObject({ code: 'http_413', status: 413 });
  });

  test('an answer that is no JSON is told as such', async () => {
    api.tell((response) => void response.end('<h1>hello</h1>'));
    expect(await rejection(api.client().getJobStatus(JOB))).toBeInstanceOf(ProtocolError);
  });

  test('without an address and without a page it says what to do', async () => {
    expect((await rejection(new StenopoolClient().getHealth())).message).toContain('baseUrl');
  });
});

describe('requests', () => {
  test('the key goes along, asked for anew each time', async () => {
    api.tell(json(status('queued')));
    const keys = ['a', null, 'b'];
    const client = api.client({ apiKey: async () => keys.shift() });
    for (let time = 0; time < 3; time += 1) await client.getJobStatus(JOB);
    expect(api.header('authorization')).toEqual(['Bearer a', undefined, 'Bearer b']);
  });

  test("what the caller's own function for the key throws is the caller's", async () => {
    api.tell(json({}));
    const apiKey = () => Promise.reject(new RangeError('mine'));
    expect(await rejection(api.client({ apiKey }).getHealth())).toBeInstanceOf(RangeError);
    expect(api.asked).toEqual([]);
  });

  test('a page speaks to its own origin', async () => {
    const urls: unknown[] = [];
    const own: typeof fetch = async (url) => {
      urls.push(url);
      return Response.json(status('queued'));
    };
    await new StenopoolClient({ fetch: own }).getJobStatus('a/b');
    await new StenopoolClient({ fetch: own, baseUrl: 'https://speech.example/api/' }).getUsage({ from: '2026-11-01' });
    expect(urls).toEqual(['/status/a%2Fb', 'https://speech.example/api/usage?from=2026-11-01']);
  });

  test('a filter may have several values', async () => {
    api.tell(json({ data: [], has_more: false, next: null }));
    await api.client().listJobs({ state: ['failed', 'cancelled'], external_id: 'a b' });
    expect(api.lines).toEqual(['GET /jobs?state=failed&state=cancelled&external_id=a+b']);
  });

  test('jobs come page after page', async () => {
    const page = (id: string, next: string | null) => json({ data: [{ job_id: id }], has_more: next !== null, next });
    api.tell(page('1', 'x'), page('2', null));
    const found = [];
    for await (const job of api.client().jobs({ limit: 1 })) found.push(job.job_id);
    expect(found).toEqual(['1', '2']);
    expect(api.lines).toEqual(['GET /jobs?limit=1', 'GET /jobs?limit=1&after=x']);
  });

  test('an unhealthy platform tells its health', async () => {
    api.tell(json({ status: 'unhealthy' }, 503));
    expect((await api.client().getHealth()).status).toBe('unhealthy');
  });

  test('a link is whole', async () => {
    api.tell(json({ url: '/media/t', expires_at: '' }, 201));
    expect((await api.client().createMediaLink(JOB)).url).toBe(`${api.address}/media/t`);
  });
});

describe('repetitions', () => {
  test('reading is tried again after a cut and after what a proxy says', async () => {
    api.tell(broken, (response) => void response.writeHead(502).end(), json(status('queued')));
    const retries: Retry[] = [];
    await api.client({ onRetry: (retry) => void retries.push(retry) }).getJobStatus(JOB);
    expect(retries.map(({ error, attempt }) => [error.name, attempt])).toEqual([
      ['NetworkError', 1],
      ['UnavailableError', 2],
    ]);
  });

  test.each([429, 503])('%i is waited out as long as the API says', async (code) => {
    api.tell(problem(code, 'rate_limited', { 'Retry-After': '1' }), json(status('queued')));
    const began = performance.now();
    await api.client().getJobStatus(JOB);
    expect(performance.now() - began).toBeGreaterThan(990);
  });

  test('it gives up after as many as were allowed', async () => {
    api.tell(broken);
    expect(await rejection(api.client().getJobStatus(JOB, { maxRetries: 2 }))).toBeInstanceOf(NetworkError);
    expect(api.asked.length).toBe(3);
  });

  test('a job is cancelled again, but never deleted or tried anew twice', async () => {
    api.tell(broken, json({}));
    await api.client().cancelJob(JOB);
    api.tell(broken, json({}));
    expect(await rejection(api.client().deleteJob(JOB))).toBeInstanceOf(NetworkError);
    expect(await rejection((api.tell(broken), api.client().retryJob(JOB)))).toBeInstanceOf(NetworkError);
    expect(api.asked.length).toBe(1);
  });

  const refusal = (code: number, after?: string) =>
    new ApiError(
      { type: '', title: '', status: code, detail: '', code: '', hint: '', instance: '' },
      new Headers(after === undefined ? {} : { 'Retry-After': after }),
    );
  test.each([
    ['a quota that time does not free', refusal(429), 1, null],
    ['a longer pause than is waited for', refusal(429, '121'), 1, null],
    ['the longest pause that is waited for', refusal(503, '120'), 1, 120_000],
    ['no pause shorter than asked, also late', refusal(503, '7'), 4, 7000],
    ['the first pause of our own', new NetworkError(), 1, 250],
    ['the fourth', new NetworkError(), 4, 2000],
    ['an end', new NetworkError(), 5, null],
    ['no full disk', refusal(507, '30'), 1, null],
    ['no fault of the API', refusal(500), 1, null],
    ['no fault of the caller', refusal(422), 1, null],
  ])('%s', (_, error, attempt, expected) => {
    expect(pauseMs(error, attempt, DEFAULT_RETRY, () => 0)).toBe(expected);
  });

  test('chance spreads those who come back', () => {
    expect(pauseMs(new NetworkError(), 1, DEFAULT_RETRY, () => 1)).toBe(500);
    expect(pauseMs(refusal(429, '2'), 1, DEFAULT_RETRY, () => 1)).toBe(2500);
  });

  test('Retry-After is seconds or a date', () => {
    const after = (value: string) => retryAfterMs(new Headers({ 'Retry-After': value }), Date.UTC(2026, 10, 25));
    expect(after('30')).toBe(30_000);
    expect(after('Wed, 25 Nov 2026 00:00:09 GMT')).toBe(9000);
    expect(after('Tue, 24 Nov 2026 00:00:00 GMT')).toBe(0);
    expect(after('soon')).toBeNull();
  });
});

describe('ends', () => {
  test('a signal ends a request', async () => {
    api.tell(silent);
    const controller = new AbortController();
    const asked = rejection(api.client().getJobStatus(JOB, { signal: controller.signal }));
    setTimeout(() => controller.abort('enough'), 20);
    const error = await asked;
    expect(error).toBeInstanceOf(AbortError);
    expect(error.cause).toBe('enough');
  });

  test('a signal ends a pause', async () => {
    api.tell(problem(503, 'queue_full', { 'Retry-After': '60' }));
    const controller = new AbortController();
    const client = api.client({ onRetry: () => controller.abort() });
    expect(await rejection(client.getJobStatus(JOB, { signal: controller.signal }))).toBeInstanceOf(AbortError);
  });

  test('a signal that is aborted lets nothing begin', async () => {
    api.tell(json({}));
    expect(await rejection(api.client().getHealth({ signal: AbortSignal.abort() }))).toBeInstanceOf(AbortError);
    expect(api.asked).toEqual([]);
  });

  test('an answer that does not come in time is an error of time', async () => {
    api.tell(silent);
    const error = await rejection(api.client({ timeoutMs: 20 }).getJobStatus(JOB, { maxRetries: 0 }));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(await rejection(api.client().getHealth({ signal: AbortSignal.timeout(20) }))).toBeInstanceOf(TimeoutError);
  });

  test('a body that stands still is an error of time', async () => {
    api.tell((response) => void response.writeHead(200, { 'Content-Length': '10' }).write('{'));
    expect(await rejection(api.client().getHealth({ timeoutMs: 50, maxRetries: 0 }))).toBeInstanceOf(TimeoutError);
  });
});
