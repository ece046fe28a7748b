import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { AbortError, JobCancelledError, JobFailedError, NotFoundError, TimeoutError } from '@stenopool/client';
import { type Answer, broken, event, JOB, json, problem, rejection, segment, silent, status, stream, Stub } from './stub.js';

let api: Stub;
beforeAll(async () => {
  api = await Stub.start();
});
afterAll(() => api.stop());

const RESULT = { job_id: JOB, text: 'good morning' };

/** Answers by path; `statuses` are taken one by one, the last stays. */
function platform(events: Answer, statuses: Answer[], result: Answer = json(RESULT)): void {
  api.tell((response, asked) => {
    if (asked.url.endsWith('/events')) return events(response, asked);
    if (asked.url.startsWith('/result/')) return result(response, asked);
    const answer = statuses.length > 1 ? statuses.shift() : statuses[0];
    return answer?.(response, asked);
  });
}

const held = (state: 'queued' | 'processing' | 'completed', etag = 'W/"1"'): Answer =>
  json(status(state), 200, { 'Preference-Applied': 'wait=30', ETag: etag });

describe('waitForResult', () => {
  test('hears the events and asks for nothing else', async () => {
    platform(stream(event('processing', status('processing')), event('segment', segment('good')), event('completed', status('completed', 1))), []);
    const states: string[] = [];
    const texts: string[] = [];
    const result = await api.client().waitForResult(JOB, {
      onStatus: (news) => void states.push(news.status),
      onEvent: (news) => void (news.type === 'segment' && texts.push(news.data.segment.text)),
    });
    expect(result).toEqual(RESULT);
    expect([states, texts]).toEqual([['processing', 'completed'], ['good']]);
    expect(api.lines).toEqual([`GET /jobs/${JOB}/events`, `GET /result/${JOB}`]);
  });

  test.each([
    ['there are too many listeners', problem(503, 'too_many_listeners', { 'Retry-After': '600' })],
    ['something answers in their place', json({})],
  ])('polls where %s', async (_, events) => {
    platform(events, [held('queued'), held('completed')]);
    expect(await api.client().waitForResult(JOB)).toEqual(RESULT);
    expect(api.lines.slice(1)).toEqual([`GET /status/${JOB}`, `GET /status/${JOB}`, `GET /result/${JOB}`]);
    expect(api.header('prefer')).toEqual([undefined, undefined, 'wait=30', undefined]);
  });

  test('polls where something keeps the events to itself', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      platform(silent, [held('completed')]);
      const waited = api.client().waitForResult(JOB);
      await vi.advanceTimersByTimeAsync(9_999);
      expect(api.lines.filter((line) => line.includes('/status/'))).toEqual([]);
      await vi.advanceTimersByTimeAsync(1);
      expect(await waited).toEqual(RESULT);
    } finally {
      vi.useRealTimers();
    }
  });

  test('outlasts an API that is away for a while', async () => {
    platform(broken, [...Array<Answer>(10).fill(broken), held('completed')]);
    expect(await api.client({ retry: { maxDelayMs: 1 } }).waitForResult(JOB)).toEqual(RESULT);
  });

  test('does not wait for a job that is none', async () => {
    platform(problem(404, 'unknown_job'), []);
    expect(await rejection(api.client().waitForResult(JOB))).toBeInstanceOf(NotFoundError);
    expect(api.asked.length).toBe(1);
  });

  test.each([
    ['failed' as const, 'job_failed', JobFailedError],
    ['cancelled' as const, 'job_cancelled', JobCancelledError],
  ])('throws where the job %s', async (state, code, kind) => {
    platform(stream(event(state, status(state))), [], problem(409, code));
    expect(await rejection(api.client().waitForResult(JOB))).toBeInstanceOf(kind);
  });

  test("leaves alone what the caller's own function throws", async () => {
    platform(stream(event('queued', status('queued'))), []);
    const onStatus = () => {
      throw new RangeError('mine');
    };
    expect(await rejection(api.client().waitForResult(JOB, { onStatus }))).toBeInstanceOf(RangeError);
    expect(api.asked.length).toBe(1);
  });

  test('ends with its time and with its signal', async () => {
    platform(silent, []);
    expect(await rejection(api.client().waitForResult(JOB, { timeoutMs: 30 }))).toBeInstanceOf(TimeoutError);
    const signal = AbortSignal.abort();
    expect(await rejection(api.client().waitForResult(JOB, { signal }))).toBeInstanceOf(AbortError);
  });
});

describe('pollJobStatus', () => {
  test('is held by the API until the end', async () => {
    platform(silent, [held('queued'), held('processing'), held('completed')]);
    expect(await api.client().pollJobStatus(JOB)).toEqual(RESULT);
    expect(api.header('prefer')).toEqual([undefined, 'wait=30', 'wait=30', undefined]);
    expect(api.header('if-none-match')).toEqual([undefined, undefined, undefined, undefined]);
  });

  test('with a listener it asks for any news', async () => {
    const same: Answer = (response) =>
      void response.writeHead(304, { ETag: 'W/"2"', 'Preference-Applied': 'wait=30' }).end();
    platform(silent, [held('queued'), held('processing', 'W/"2"'), same, held('completed', 'W/"3"')]);
    const states: string[] = [];
    await api.client().pollJobStatus(JOB, { onStatus: (news) => void states.push(news.status) });
    expect(states).toEqual(['queued', 'processing', 'completed']);
    expect(api.header('if-none-match').slice(0, 4)).toEqual([undefined, 'W/"1"', 'W/"2"', 'W/"2"']);
  });

  test('where nothing is held back it asks now and then, as the API says', async () => {
    platform(silent, [json(status('queued')), json(status('queued'), 200, { 'Retry-After': '1' }), json(status('completed'))]);
    const began = performance.now();
    expect(await api.client().pollJobStatus(JOB)).toEqual(RESULT);
    expect(performance.now() - began).toBeGreaterThan(990);
    expect(api.asked.length).toBe(4);
  });

  test('ends with its time, within a pause', async () => {
    platform(silent, [json(status('queued'), 200, { 'Retry-After': '60' })]);
    expect(await rejection(api.client().pollJobStatus(JOB, { timeoutMs: 30 }))).toBeInstanceOf(TimeoutError);
  });
});
