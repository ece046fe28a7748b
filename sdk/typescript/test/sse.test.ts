import { describe, expect, test } from 'vitest';
import { ProtocolError } from '@stenopool/client';
import { SseParser } from '../src/sse.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const parsed = (...pieces: (string | Uint8Array)[]) => {
  const parser = new SseParser();
  return pieces.flatMap((piece) => parser.push(typeof piece === 'string' ? bytes(piece) : piece));
};
const said = (type: string, data: string, lastEventId = '') => ({ type, data, lastEventId });

describe('what is read from a whole stream', () => {
  test('an event has its type, data and id', () => {
    expect(parsed('event: segment\ndata: {}\nid: 5.1\n\n')).toEqual([said('segment', '{}', '5.1')]);
  });
  test('an event without a type is a message', () => {
    expect(parsed('data: a\n\n')).toEqual([said('message', 'a')]);
  });
  test('lines of data are joined', () => {
    expect(parsed('data: a\ndata:\ndata: b\n\n')).toEqual([said('message', 'a\n\nb')]);
  });
  test('one space alone after the colon is left out', () => {
    expect(parsed('data:  a\n\ndata:b\n\n').map(({ data }) => data)).toEqual([' a', 'b']);
  });
  test('a field may stand without a colon', () => {
    expect(parsed('data\n\n')).toEqual([said('message', '')]);
  });
  test('comments and unknown fields are nothing', () => {
    expect(parsed(': ping\n\nwhat: ever\n\n')).toEqual([]);
  });
  test('a byte order mark at the beginning is nothing', () => {
    expect(parsed(new Uint8Array([0xef, 0xbb]), new Uint8Array([0xbf]), 'data: a\n\n')).toEqual([said('message', 'a')]);
  });
  test('a type counts for its own event alone, an id for all that follow', () => {
    expect(parsed('event: x\nid: 7\ndata: a\n\ndata: b\n\n')).toEqual([said('x', 'a', '7'), said('message', 'b', '7')]);
  });
  test('an empty id takes the last one back', () => {
    expect(parsed('id: 7\ndata: a\n\nid\ndata: b\n\n').map(({ lastEventId }) => lastEventId)).toEqual(['7', '']);
  });
  test('an id with a NUL does not count', () => {
    expect(parsed('id: 7\ndata: a\n\nid: 8\0\ndata: b\n\n').map(({ lastEventId }) => lastEventId)).toEqual(['7', '7']);
  });
  test('what has no end was never said', () => {
    expect(parsed('data: a\n\ndata: b\n')).toEqual([said('message', 'a')]);
  });
});

test('an id without an event counts', () => {
  const parser = new SseParser('1');
  expect(parser.push(bytes('id: 2\n'))).toEqual([]);
  expect(parser.lastEventId).toBe('1');
  parser.push(bytes('\n'));
  expect(parser.lastEventId).toBe('2');
});

test('comments and pauses alone say nothing, an id does', () => {
  const parser = new SseParser('1');
  parser.push(bytes(': ping\n\nretry: 5\n\n'));
  expect(parser.hasHeard).toBe(false);
  parser.push(bytes('id: 1\n\n'));
  expect(parser.hasHeard).toBe(true);
});

test('the pause that the server asks for is known; anything but digits is passed over', () => {
  const parser = new SseParser();
  parser.push(bytes('retry: 1000\nretry: 1e3\nretry: -5\nretry:\n'));
  expect(parser.retryMs).toBe(1000);
});

test('an event without an end does not fill the memory', () => {
  const parser = new SseParser();
  const line = bytes('x'.repeat(6 * 1024 * 1024));
  expect(() => [1, 2, 3].map(() => parser.push(line))).toThrow(ProtocolError);
});

describe.each(['\n', '\r\n', '\r'])('with lines that end in %j', (end) => {
  const lines = ['event: segment', 'data: {"text":"Grüße, 世界 🎙"}', 'data: x', 'id: é', '', ': c', 'data: y', '', ''];
  const whole = bytes(lines.join(end));
  const expected = [said('segment', '{"text":"Grüße, 世界 🎙"}\nx', 'é'), said('message', 'y', 'é')];

  test('chunks may end anywhere', () => {
    for (let cut = 0; cut <= whole.length; cut += 1) {
      expect(parsed(whole.slice(0, cut), whole.slice(cut))).toEqual(expected);
    }
  });
  test('every byte may come alone', () => {
    expect(parsed(...Array.from(whole, (byte) => new Uint8Array([byte])))).toEqual(expected);
  });
});
