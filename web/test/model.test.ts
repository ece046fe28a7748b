import type { Segment } from '@stenopool/client';
import { describe, expect, test } from 'vitest';
import { pieceAt, plainText, readingOf } from '../src/transcript/model';

function segment(start: number, end: number, text: string, words?: [string, number, number?][]): Segment {
  return {
    start,
    end,
    text,
    confidence: 0.9,
    ...(words && { words: words.map(([word, at, probability = 1]) => ({ word, start: at, end: at + 0.2, probability })) }),
  };
}

describe('a transcript as it is read', () => {
  test('has the words of its segments, with the spaces that the text has', () => {
    const reading = readingOf({ segments: [segment(0, 2, 'Hello, my friend.', [['Hello,', 0], ['my', 1], ['friend.', 1.5]])] });
    expect(reading.hasWords).toBe(true);
    expect(plainText(reading)).toBe('Hello, my friend.');
  });

  test('puts no space into scripts that have none', () => {
    const words: [string, number][] = [['你', 0], ['好', 0.3], ['世界', 0.6]];
    const reading = readingOf({ segments: [segment(0, 1, '你好世界', words), segment(1, 2, '再见')] });
    expect(plainText(reading)).toBe('你好世界再见');
  });

  test('has a space between segments, whether or not they bring one', () => {
    expect(plainText(readingOf({ segments: [segment(0, 1, 'One'), segment(1, 2, ' two'), segment(2, 3, 'three')] }))).toBe('One two three');
  });

  test('begins a paragraph after a sentence and a pause, and not in the middle of a sentence', () => {
    const segments = [segment(0, 1, 'First.'), segment(1.5, 2, 'Still first,'), segment(4, 5, 'still.'), segment(7, 8, 'Second.')];
    const { paragraphs } = readingOf({ segments });
    expect(paragraphs.map(({ start }) => start)).toEqual([0, 7]);
    expect(paragraphs[1]!.first).toBe(3);
    expect(paragraphs[1]!.pieces[0]!.lead).toBe('');
  });

  test('begins one after a long pause wherever it is, and in what goes on and on', () => {
    expect(readingOf({ segments: [segment(0, 1, 'So'), segment(5, 6, 'where was I')] }).paragraphs).toHaveLength(2);
    const endless = Array.from({ length: 40 }, (_, index) => segment(index, index + 1, 'and then there was yet another one of those things,'));
    expect(readingOf({ segments: endless }).paragraphs.length).toBeGreaterThan(1);
  });

  test('has segments as its pieces where there are no words', () => {
    const reading = readingOf({ segments: [segment(3, 4, ' Good morning.')] });
    expect(reading).toMatchObject({ hasWords: false, pieces: [{ text: 'Good morning.', start: 3 }] });
  });

  test('of silence is empty', () => {
    expect(readingOf({ segments: [segment(0, 1, ' ')] })).toMatchObject({ paragraphs: [], pieces: [] });
  });
});

test.each([
  [-1, -1],
  [0.5, -1],
  [1, 0],
  [1.9, 0],
  [2, 1],
  [99, 2],
])('at %d s piece %d is said', (seconds, wanted) => {
  expect(pieceAt([{ start: 1 }, { start: 2 }, { start: 3 }], seconds)).toBe(wanted);
});
