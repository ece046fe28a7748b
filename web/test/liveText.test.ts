import { expect, test } from 'vitest';
import { inOrder, lastLine, type LiveText, NO_TEXT, withRestart, withSegment } from '../src/jobs/liveText';

function heard(...news: [span: number, start: number, text: string][]): LiveText {
  return news.reduce<LiveText>(
    (text, [span, start, words]) => withSegment(text, { span, segment: { start, end: start + 1, text: words, confidence: 1 } }),
    NO_TEXT,
  );
}

const texts = (text: LiveText): string[] => inOrder(text).map((segment) => segment.text);

test('parts that are worked on side by side are read in the order of the recording', () => {
  expect(texts(heard([1, 60, 'c'], [0, 0, 'a'], [1, 61, 'd'], [0, 1, 'b']))).toEqual(['a', 'b', 'c', 'd']);
});

test('what two streams tell is there once, also where one is behind', () => {
  expect(texts(heard([0, 5, 'c'], [0, 6, 'd'], [0, 0, 'a'], [0, 1, 'b'], [0, 5, 'c'], [0, 6, 'd']))).toEqual(['a', 'b', 'c', 'd']);
});

test('another attempt makes its part void, or all of it', () => {
  const text = heard([0, 0, 'a'], [1, 60, 'b']);
  expect(texts(withRestart(text, { span: 0 }))).toEqual(['b']);
  expect(texts(withRestart(text, { span: null }))).toEqual([]);
});

test('the last line is the newest two stretches', () => {
  expect(lastLine(heard([0, 0, ' one '], [0, 1, 'two'], [0, 2, 'three']))).toBe('two three');
});
