import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { AbortError, NetworkError, NotFoundError, ProtocolError, type EventOptions } from '@stenopool/client';
import { event, JOB, json, problem, rejection, segment, status, stream, Stub } from './stub.js';

let api: Stub;
beforeAll(async () => {
  api = await Stub.start();
});
afterAll(() => api.stop());

const END = event('completed', status('completed', 1), '9.end');
const soon = 'retry: 1\n\n';

async function heard(options: EventOptions = {}): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for await (const { type, id } of api.client().events(JOB, options)) found.push([type, id]);
  return found;
}

test('events come as they are, to the last one', async () => {
  api.tell(stream(event('processing', status('processing')), event('segment', segment('hi'), '1'), ': c\n\n', END));
  const [first, second, last] = await collect();
  expect(first).toEqual({ type: 'processing', id: '', data: status('processing') });
  expect(second).toEqual({ type: 'segment', id: '1', data: segment('hi') });
  expect(last?.id).toBe('9.end');
  expect(api.lines).toEqual([`GET /jobs/${JOB}/events`]);
  expect(api.header('accept')).toEqual(['text/event-stream']);
});

async function collect() {
  const found = [];
  for await (const one of api.client().events(JOB)) found.push(one);
  return found;
}

test('after a cut it comes back behind the last event', async () => {
  api.tell(
    stream(soon, event('segment', segment('a'), '1'), event('segment', segment('b'), '2'), 'event: segment\ndata: {'),
    (response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write(event('segment', segment('c'), '3'), () => response.destroy());
    },
    stream(END),
  );
  expect((await heard()).map(([, id]) => id)).toEqual(['1', '2', '3', '9.end']);
  expect(api.header('last-event-id')).toEqual([undefined, '2', '3']);
});

test('an id without an event counts for coming back', async () => {
  api.tell(stream(soon, 'id: 5\n\n'), stream(END));
  await heard();
  expect(api.header('last-event-id')).toEqual([undefined, '5']);
});

test('it goes on behind an event of an earlier stream', async () => {
  api.tell(stream(END));
  await heard({ lastEventId: '4' });
  expect(api.header('last-event-id')).toEqual(['4']);
});

test('each connection is told of, once it says from where it goes on', async () => {
  let opened = 0;
  api.tell(stream(soon, ': ping\n\n'), stream(soon, ': ping\n\nid: 5\n\n'), stream(': ping\n\n', END));
  for await (const one of api.client().events(JOB, { onOpen: () => void (opened += 1) })) {
    expect([one.type, opened]).toEqual(['completed', 2]);
  }
});

test("what the caller's own function throws is the caller's", async () => {
  api.tell(stream(soon, END));
  const onOpen = () => {
    throw new RangeError('mine');
  };
  expect(await rejection(heard({ onOpen }))).toBeInstanceOf(RangeError);
  expect(api.asked.length).toBe(1);
});

test('who has everything hears nothing', async () => {
  api.tell((response) => void response.writeHead(204).end());
  expect(await heard({ lastEventId: '9.end' })).toEqual([]);
});

test('events of a later API are passed over', async () => {
  api.tell(stream(event('mood', {}), END));
  expect((await heard()).length).toBe(1);
});

test('a job that is deleted meanwhile is an error', async () => {
  api.tell(stream(soon, event('queued', status('queued'))), problem(404, 'unknown_job'));
  expect(await rejection(heard())).toBeInstanceOf(NotFoundError);
});

test('coming back in vain has an end, news begin the count anew', async () => {
  api.tell(stream(soon, event('segment', segment('a'), '1')), stream(), stream(event('queued', status('queued'))), stream());
  expect(await rejection(heard({ maxRetries: 2 }))).toBeInstanceOf(NetworkError);
  expect(api.asked.length).toBe(5);
});

test('a connection that is silent for longer than a dead one would be is made anew', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const isHeard = new Promise<void>((resolve) =>
      api.tell((response) => {
        response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(event('segment', segment('a'), '1'), () => resolve());
      }, stream(END)),
    );
    const events = api.client().events(JOB)[Symbol.asyncIterator]();
    await events.next();
    await isHeard;
    const next = events.next();
    await vi.advanceTimersByTimeAsync(37_000);
    expect((await next).value?.type).toBe('completed');
    expect(api.header('last-event-id')).toEqual([undefined, '1']);
  } finally {
    vi.useRealTimers();
  }
});

test('a full API is waited for', async () => {
  api.tell(problem(503, 'too_many_listeners', { 'Retry-After': '0' }), stream(END));
  expect((await heard()).length).toBe(1);
});

test('what is no stream of events is told', async () => {
  api.tell(json({}));
  expect(await rejection(heard())).toBeInstanceOf(ProtocolError);
  api.tell(stream('event: queued\ndata: {\n\n'));
  expect(await rejection(heard())).toBeInstanceOf(ProtocolError);
});

test('a signal ends the stream', async () => {
  const controller = new AbortController();
  api.tell((response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(event('queued', status('queued')));
    setTimeout(() => controller.abort(), 20);
  });
  expect(await rejection(heard({ signal: controller.signal }))).toBeInstanceOf(AbortError);
});

test('leaving the loop closes the connection', async () => {
  const closed = new Promise<void>((resolve) =>
    api.tell((response) => {
      response.on('close', resolve);
      response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(event('queued', status('queued')));
    }),
  );
  for await (const one of api.client().events(JOB)) {
    expect(one.type).toBe('queued');
    break;
  }
  await closed;
});

test('all jobs are one stream, which goes on', async () => {
  api.tell(
    stream(soon, event('queued', { job_id: JOB, status: 'queued' }, '1'), event('reload', {}, '2')),
    stream(event('deleted', { job_id: JOB, status: 'deleted' }, '3')),
  );
  const types = [];
  for await (const one of api.client().allEvents()) {
    types.push(one.type);
    if (one.type === 'deleted') break;
  }
  expect(types).toEqual(['queued', 'reload', 'deleted']);
  expect(api.lines[0]).toBe('GET /jobs/events');
});
