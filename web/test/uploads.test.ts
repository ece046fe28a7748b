import { AbortError, ApiError, RateLimitError, type StenopoolClient, type SubmitOptions } from '@stenopool/client';
import { describe, expect, test, vi } from 'vitest';
import { Uploads } from '../src/handin/uploads';

interface Sent {
  name: string;
  options: SubmitOptions;
  take: () => void;
  refuse: (error: Error) => void;
}

function desk() {
  const sent: Sent[] = [];
  const accepted: string[] = [];
  const asked: unknown[] = [];
  const client = {
    submitTranscription: (file: File, options: SubmitOptions) =>
      new Promise((take, refuse) => {
        options.signal?.addEventListener('abort', () => refuse(new AbortError('')));
        sent.push({ name: file.name, options, take: () => take({ job_id: `job of ${file.name}` }), refuse });
      }),
  } as unknown as StenopoolClient;
  const uploads = new Uploads({
    client,
    fields: () => ({ language: 'en' }),
    onAccepted: async (id) => void accepted.push(id),
    asksForKey: (error) => asked.push(error) > 0,
  });
  return { uploads, sent, accepted, asked };
}

const file = (name: string): File => new File(['x'], name);
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
const problem = (code: string, status: number) => ({ type: '', title: '', status, detail: code, code, hint: '', instance: '' });

describe('uploads', () => {
  test('go three at a time, and the next begins when one is done', async () => {
    const { uploads, sent, accepted } = desk();
    uploads.add(['a', 'b', 'c', 'd'].map(file));
    expect(sent.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    sent[1]!.take();
    await settled();
    expect(sent.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd']);
    for (const one of sent) one.take();
    await settled();
    expect(accepted).toEqual(['job of b', 'job of a', 'job of c', 'job of d']);
    expect(uploads.list.value).toEqual([]);
  });

  test('have the options of the moment in which they were handed in', () => {
    const { uploads, sent } = desk();
    uploads.add([file('a')]);
    expect(sent[0]!.options).toMatchObject({ language: 'en' });
  });

  test('tell how far they are', () => {
    const { uploads, sent } = desk();
    uploads.add([file('a')]);
    sent[0]!.options.onUploadProgress!({ loadedBytes: 25, totalBytes: 100 });
    expect(uploads.list.value[0]).toMatchObject({ state: 'sending', share: 0.25 });
  });

  test('wait where the server says so, and say how long', () => {
    vi.setSystemTime(1_000_000);
    const { uploads, sent } = desk();
    uploads.add([file('a')]);
    sent[0]!.options.onRetry!({ error: new RateLimitError(problem('rate_limited', 429)), attempt: 1, delayMs: 6000 });
    expect(uploads.list.value[0]).toMatchObject({ state: 'paused', until: 1_006_000, trouble: { code: 'rate_limited' } });
    sent[0]!.options.onUploadProgress!({ loadedBytes: 0, totalBytes: 1 });
    expect(uploads.list.value[0]).toMatchObject({ state: 'sending', trouble: null });
    vi.useRealTimers();
  });

  test('that are refused stay with the reason, can be tried again, and stand in nobody’s way', async () => {
    const { uploads, sent } = desk();
    uploads.add(['a', 'b', 'c', 'd'].map(file));
    sent[0]!.refuse(new ApiError(problem('not_audio', 415)));
    await settled();
    expect(uploads.list.value[0]).toMatchObject({ state: 'refused', trouble: { code: 'not_audio' } });
    expect(sent).toHaveLength(4);
    for (const one of sent.slice(1)) one.take();
    await settled();
    expect(uploads.isBusy).toBe(false);
    uploads.again(uploads.list.value[0]!.id);
    expect(sent).toHaveLength(5);
    expect(sent[4]!.options).toMatchObject({ language: 'en' });
  });

  test('that wanted a key go on when there is one', async () => {
    const { uploads, sent, asked } = desk();
    uploads.add([file('a'), file('b')]);
    sent[0]!.refuse(new ApiError(problem('unauthenticated', 401)));
    sent[1]!.refuse(new ApiError(problem('not_audio', 415)));
    await settled();
    expect(asked).toHaveLength(2);
    uploads.againWithKey();
    expect(sent.map(({ name }) => name)).toEqual(['a', 'b', 'a']);
  });

  test('that are taken back end at once', async () => {
    const { uploads, sent } = desk();
    uploads.add([file('a')]);
    uploads.dismiss(uploads.list.value[0]!.id);
    await settled();
    expect(sent[0]!.options.signal!.aborted).toBe(true);
    expect(uploads.list.value).toEqual([]);
    expect(uploads.isBusy).toBe(false);
  });
});
