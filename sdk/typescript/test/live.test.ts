/** Against a running platform with its fake engine, where STENOPOOL_URL names one (`make test` does). */

import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  configure,
  InvalidRequestError,
  JobCancelledError,
  NotFoundError,
  pollJobStatus,
  StenopoolClient,
  submitTranscription,
  type UploadProgress,
} from '@stenopool/client';
import { fileFromPath } from '@stenopool/client/node';
import * as service from '../examples/transcribeService.js';
import { rejection } from './stub.js';

const address = process.env['STENOPOOL_URL'] ?? '';
const client = new StenopoolClient({ baseUrl: address });
const name = `live-${process.pid}`;
let file: File;
let job: string;

/** A WAV of so many seconds of silence, 8 kHz, mono, 8 bits: long enough to be taken back. */
function silence(seconds: number): Blob {
  // A recording that no other run hands in.
  const size = 8000 * seconds + (process.pid % 8000);
  const head = new DataView(new ArrayBuffer(44));
  const write = (at: number, text: string) => [...text].forEach((sign, i) => head.setUint8(at + i, sign.charCodeAt(0)));
  write(0, 'RIFF');
  head.setUint32(4, 36 + size, true);
  write(8, 'WAVEfmt ');
  head.setUint32(16, 16, true);
  head.setUint16(20, 1, true);
  head.setUint16(22, 1, true);
  head.setUint32(24, 8000, true);
  head.setUint32(28, 8000, true);
  head.setUint16(32, 1, true);
  head.setUint16(34, 8, true);
  write(36, 'data');
  head.setUint32(40, size, true);
  return new Blob([head, new Uint8Array(size).fill(0x80)]);
}

/** Lets so many bytes through, then breaks, in the middle of an event as it may be. */
function brokenAfter(limitBytes: number): TransformStream<Uint8Array, Uint8Array> {
  let left = limitBytes;
  return new TransformStream({
    transform(chunk, controller) {
      controller.enqueue(chunk.slice(0, left));
      left -= chunk.byteLength;
      if (left < 0) controller.error(new TypeError('cut'));
    },
  });
}

describe.skipIf(!address)('against a running platform', () => {
  beforeAll(async () => {
    file = await fileFromPath(new URL('../../../samples/demo.mp3', import.meta.url).pathname);
  });

  test('two lines transcribe', async () => {
    configure({ baseUrl: address });

    const { job_id } = await submitTranscription(file);
    const result = await pollJobStatus(job_id);

    expect(result).toMatchObject({ job_id, status: 'completed' });
    expect(result.segments.map(({ text }) => text).join(' ')).toBe(result.text);
    job = job_id;
  });

  test('the service of the example speaks to its own origin', async () => {
    const own = globalThis.fetch;
    // A page's fetch takes an address from its own origin, and a page has a location.
    globalThis.fetch = (url, init) => own(new URL(String(url), address), init);
    Object.assign(globalThis, { location: new URL(address) });
    try {
      const shares: number[] = [];
      const { job_id } = await service.submitTranscription(file, (share) => void shares.push(share));
      const texts: string[] = [];
      const result = await service.pollJobStatus(job_id, undefined, (text) => void texts.push(text));
      expect(texts.join(' ')).toBe(result.text);
      expect(shares.at(-1)).toBe(1);
      expect((await service.getJobStatus(job_id)).cached).toBe(true);
      expect(await service.getResult(job_id)).toEqual(result);
    } finally {
      globalThis.fetch = own;
      Reflect.deleteProperty(globalThis, 'location');
    }
  });

  test('an upload is told while it goes, and a repetition is the same job', async () => {
    const heard: UploadProgress[] = [];
    const options = { idempotencyKey: name, word_timestamps: true, external_id: name, metadata: { n: 1 } };
    const first = await client.submitTranscription(file, { ...options, onUploadProgress: (one) => void heard.push(one) });
    const again = await client.submitTranscription(file, options);
    expect(again.job_id).toBe(first.job_id);
    expect(heard.at(-1)).toEqual({ loadedBytes: file.size, totalBytes: file.size });
    const result = await client.waitForResult(first.job_id);
    expect(result.segments[0]?.words?.[0]?.word).toBeTruthy();
    expect((await client.getJobStatus(first.job_id, { waitSeconds: 5 })).metadata).toEqual({ n: 1 });
  });

  test('events go on behind the last one', async () => {
    const whole = [];
    for await (const event of client.events(job)) whole.push(event);
    const at = whole.findIndex(({ type }) => type === 'segment');
    expect(whole.at(-1)?.type).toBe('completed');
    const rest = [];
    for await (const event of client.events(job, { lastEventId: whole[at]?.id })) rest.push(event);
    const behind = whole.slice(at + 1).map(({ id }) => id);
    expect(rest.map(({ id }) => id).filter((id) => behind.includes(id))).toEqual(behind);
    expect(rest).not.toContainEqual(whole[at]);
    const stream = client.events(job, { lastEventId: whole.at(-1)?.id });
    expect((await stream[Symbol.asyncIterator]().next()).done).toBe(true);
  });

  test('a line that is cut again and again loses no text and repeats none', async () => {
    const cutting: typeof fetch = async (url, init) => {
      const answer = await fetch(url, init);
      if (!String(url).endsWith('/events') || answer.body === null) return answer;
      return new Response(answer.body.pipeThrough(brokenAfter(1500)), answer);
    };
    let cuts = 0;
    const fragile = new StenopoolClient({
      baseUrl: address,
      fetch: cutting,
      retry: { maxDelayMs: 1 },
      onRetry: () => void (cuts += 1),
    });
    const texts: string[] = [];
    for await (const event of fragile.events(job)) if (event.type === 'segment') texts.push(event.data.segment.text);
    expect(texts.join(' ')).toBe((await client.getResult(job)).text);
    expect(cuts).toBeGreaterThan(1);
  });

  test('subtitles, outline, recording and link are there', async () => {
    expect(await client.getResult(job, { format: 'srt', max_lines: 1 })).toMatch(/^1\n00:00:/);
    const peaks = await client.getPeaks(job);
    expect(peaks.data.length).toBe(2 * peaks.length);
    const part = await client.getMedia(job, { range: 'bytes=0-9' });
    expect([part.status, (await part.arrayBuffer()).byteLength]).toEqual([206, 10]);
    const { url } = await client.createMediaLink(job);
    const played = new Uint8Array(await (await fetch(url)).arrayBuffer());
    expect(played).toEqual(new Uint8Array(await readFile(new URL('../../../samples/demo.mp3', import.meta.url))));
  });

  test('lists, usage, webhooks and health answer', async () => {
    const found = [];
    for await (const status of client.jobs({ external_id: name, limit: 1 })) found.push(status.filename);
    expect(found).toEqual(['demo.mp3']);
    expect((await client.getUsage()).total.jobs).toBeGreaterThan(0);
    expect((await client.getWebhookLog(job)).deliveries).toEqual([]);
    expect((await client.listModels()).map(({ id }) => id)).toContain('fake');
    expect((await client.getHealth()).status).not.toBe('unhealthy');
  });

  test('all jobs are followed in one stream', async () => {
    let opened: () => void = () => undefined;
    const isOpen = new Promise<void>((resolve) => (opened = resolve));
    const events = client.allEvents({ onOpen: () => opened() })[Symbol.asyncIterator]();
    const first = events.next();
    await isOpen;

    const { job_id } = await client.submitTranscription(file, { beam_size: 2 });
    await client.waitForResult(job_id);
    await client.deleteJob(job_id);

    const types: string[] = [];
    for (let news = await first; !news.done; news = await events.next()) {
      types.push(news.value.type);
      if (news.value.type === 'deleted') break;
    }
    await events.return(undefined);
    expect([types[0], types.at(-1)]).toEqual(['queued', 'deleted']);
    expect(types).toContain('segment');
    expect(types).toContain('completed');
  });

  test('a job is taken back, also twice, and tried again', async () => {
    const { job_id } = await client.submitTranscription(silence(120), { filename: 'silence.wav' });
    expect((await client.cancelJob(job_id)).status).toBe('cancelled');
    expect((await client.cancelJob(job_id)).status).toBe('cancelled');
    expect((await client.waitForEnd(job_id)).status).toBe('cancelled');
    expect(await rejection(client.waitForResult(job_id))).toBeInstanceOf(JobCancelledError);
    expect((await client.retryJob(job_id)).job_id).toBe(job_id);
    expect((await client.waitForResult(job_id)).job_id).toBe(job_id);
  });

  test('errors are typed', async () => {
    expect(await rejection(client.submitTranscription(new Blob(['no recording'])))).toMatchObject({ code: 'not_audio' });
    expect(await rejection(client.submitTranscription(file, { beam_size: 99 }))).toBeInstanceOf(InvalidRequestError);
    expect(await rejection(client.waitForResult('0'.repeat(32)))).toBeInstanceOf(NotFoundError);
  });
});
