import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { AbortError, NetworkError, ProtocolError, StenopoolClient, type UploadProgress } from '@stenopool/client';
import { fileFromPath } from '@stenopool/client/node';
import { FakeXhr } from './fakeXhr.js';
import { type Answer, broken, type Asked, JOB, json, problem, rejection, silent, Stub } from './stub.js';

let api: Stub;
beforeAll(async () => {
  api = await Stub.start();
});
afterAll(() => api.stop());
afterEach(() => vi.unstubAllGlobals());

const ACCEPTED = json({ job_id: JOB, status: 'queued', message: 'm' }, 202);
const TALK = new File([new Uint8Array(300_000)], 'talk.mp3', { type: 'audio/mpeg' });

/** The form as another parser reads it. */
function formOf({ headers, body }: Asked): Promise<FormData> {
  return new Response(new Uint8Array(body), { headers: { 'Content-Type': headers['content-type'] ?? '' } }).formData();
}

async function sent(...options: Parameters<StenopoolClient['submitTranscription']>): Promise<FormData> {
  api.tell(ACCEPTED);
  await api.client().submitTranscription(...options);
  return formOf(api.asked[0] as Asked);
}

describe('the form', () => {
  test('holds the recording and the fields, and only those that were given', async () => {
    const form = await sent(TALK, { language: 'en', vad_filter: false, hotwords: null, metadata: { a: [1, 'ü'] } });
    expect([...form.keys()]).toEqual(['language', 'vad_filter', 'metadata', 'file']);
    expect(form.get('vad_filter')).toBe('false');
    expect(form.get('metadata')).toBe('{"a":[1,"ü"]}');
    const file = form.get('file') as File;
    expect([file.name, file.size, file.type]).toEqual(['talk.mp3', 300_000, 'audio/mpeg']);
  });

  test('knows its length', async () => {
    await sent(TALK);
    expect(api.asked[0]?.headers['content-length']).toBe(String(api.asked[0]?.body.length));
  });

  test.each(['größe "1".mp3', 'a\r\nb.wav', '日本.m4a'])('takes the name %j', async (name) => {
    const file = (await sent(new Blob(['x']), { filename: name })).get('file') as File;
    // Node's parser takes the escapes back, some of its versions not all of them.
    expect(file.name.replaceAll('%22', '"').replace('%0D%0A', '\r\n')).toBe(name);
  });

  test('takes bytes and files of the disk', async () => {
    expect(((await sent(Buffer.from('abc'))).get('file') as File).size).toBe(3);
    const path = new URL('../package.json', import.meta.url).pathname;
    expect(((await sent(await fileFromPath(path))).get('file') as File).name).toBe('package.json');
  });
});

describe('repeating', () => {
  test('a submission goes out again under the same key, each call under its own', async () => {
    api.tell(broken, problem(503, 'ledger_unavailable', { 'Retry-After': '0' }), ACCEPTED);
    await api.client().submitTranscription(TALK);
    await api.client().submitTranscription(TALK);
    const [first, second, third, other] = api.header('idempotency-key');
    expect(first).toMatch(/^[0-9a-f]{32}$/);
    expect([second, third]).toEqual([first, first]);
    expect(other).not.toBe(first);
    expect(api.asked.map(({ body }) => body.length)).toEqual(Array(4).fill(api.asked[0]?.body.length));
  });

  test('many at once are taken one after the other, however often the API says not yet', async () => {
    const refused = problem(429, 'rate_limited', { 'Retry-After': '0' });
    api.tell(...Array<Answer>(12).fill(refused), ACCEPTED);
    expect((await api.client().submitTranscription(TALK)).job_id).toBe(JOB);
    api.tell(...Array<Answer>(12).fill(problem(429, 'quota_active_jobs', { 'Retry-After': '0' })));
    expect(await rejection(api.client().submitTranscription(TALK))).toMatchObject({ code: 'quota_active_jobs' });
    expect(api.asked.length).toBe(5);
    api.tell(refused);
    const once = api.client().submitTranscription(TALK, { maxRetries: 0 });
    expect(await rejection(once)).toMatchObject({ name: 'RateLimitError' });
  });

  test("the caller's own key is used", async () => {
    await sent(TALK, { idempotencyKey: 'mine' });
    expect(api.header('idempotency-key')).toEqual(['mine']);
  });

  test('a refusal is not tried again', async () => {
    api.tell(problem(415, 'not_audio'));
    expect(await rejection(api.client().submitTranscription(TALK))).toMatchObject({ code: 'not_audio' });
    expect(api.asked.length).toBe(1);
  });
});

describe('progress', () => {
  async function told(options: { fetch?: typeof fetch } = {}): Promise<UploadProgress[]> {
    const heard: UploadProgress[] = [];
    api.tell(ACCEPTED);
    await api.client(options).submitTranscription(TALK, { onUploadProgress: (progress) => void heard.push(progress) });
    return heard;
  }
  const ascends = (heard: UploadProgress[]) => heard.every((one, at) => one.loadedBytes >= (heard[at - 1]?.loadedBytes ?? 0));

  test('in Node counts what is read by the network', async () => {
    const heard = await told();
    expect(heard[0]).toEqual({ loadedBytes: 0, totalBytes: 300_000 });
    expect(heard.at(-1)).toEqual({ loadedBytes: 300_000, totalBytes: 300_000 });
    expect(heard.length).toBeGreaterThan(3);
    expect(ascends(heard)).toBe(true);
    expect(api.asked[0]?.headers['content-length']).toBe(String(api.asked[0]?.body.length));
    expect(((await formOf(api.asked[0] as Asked)).get('file') as File).size).toBe(300_000);
  });

  test('on a page is what XMLHttpRequest tells', async () => {
    vi.stubGlobal('XMLHttpRequest', FakeXhr);
    const heard = await told();
    expect(heard.map(({ loadedBytes }) => loadedBytes)).toEqual([0, 0, 150_000, 300_000]);
    expect(api.header('idempotency-key')[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(((await formOf(api.asked[0] as Asked)).get('file') as File).name).toBe('talk.mp3');
  });

  test("on a page with a fetch of the caller's is beginning and end", async () => {
    vi.stubGlobal('XMLHttpRequest', FakeXhr);
    const own: typeof fetch = (...given) => fetch(...given);
    expect((await told({ fetch: own })).map(({ loadedBytes }) => loadedBytes)).toEqual([0, 300_000]);
  });

  test('errors of a page are those of Node', async () => {
    vi.stubGlobal('XMLHttpRequest', FakeXhr);
    const onUploadProgress = () => undefined;
    api.tell(problem(429, 'rate_limited', { 'Retry-After': '600', 'X-Request-ID': 'r' }));
    const refused = api.client().submitTranscription(TALK, { onUploadProgress });
    expect(await rejection(refused)).toMatchObject({ name: 'RateLimitError', retryAfterMs: 600_000, requestId: 'r' });
    api.tell((response) => void response.writeHead(204).end());
    expect(await rejection(api.client().submitTranscription(TALK, { onUploadProgress }))).toBeInstanceOf(ProtocolError);
    api.tell(broken);
    const cut = api.client().submitTranscription(TALK, { onUploadProgress, maxRetries: 0 });
    expect(await rejection(cut)).toBeInstanceOf(NetworkError);
    api.tell(silent);
    const signal = AbortSignal.timeout(30);
    const controller = new AbortController();
    signal.onabort = () => controller.abort();
    const ended = api.client().submitTranscription(TALK, { onUploadProgress, signal: controller.signal });
    expect(await rejection(ended)).toBeInstanceOf(AbortError);
  });
});
