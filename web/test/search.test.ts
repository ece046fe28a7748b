import { describe, expect, test } from 'vitest';
import type { Piece } from '../src/transcript/model';
import { Searchable } from '../src/transcript/search';

function pieces(text: string): Piece[] {
  return text.split(' ').map((word, index) => ({ lead: index > 0 ? ' ' : '', text: word, start: index, end: index + 1, probability: 1 }));
}

function found(text: string, sought: string): string[] {
  const all = pieces(text);
  return new Searchable(all).find(sought).map(({ from, to }) =>
    from.piece === to.piece
      ? all[from.piece]!.text.slice(from.at, to.at)
      : `${all[from.piece]!.text.slice(from.at)} … ${all[to.piece]!.text.slice(0, to.at)}`,
  );
}

describe('what is sought is found', () => {
  test('in part of a word, and as often as it is there', () => {
    expect(found('The other they', 'the')).toEqual(['The', 'the', 'the']);
  });

  test('whatever case and accents', () => {
    expect(found('Ein Café in MÜNCHEN', 'cafe')).toEqual(['Café']);
    expect(found('Ein Café in MÜNCHEN', 'münchen')).toEqual(['MÜNCHEN']);
  });

  test('across words and however many spaces are typed', () => {
    expect(found('good old friend', 'good   old')).toEqual(['good … old']);
  });

  test('behind letters that are longer when folded', () => {
    expect(found('ﬁne İstanbul x', 'x')).toEqual(['x']);
  });

  test('and nothing is not found everywhere', () => {
    expect(found('some words', '  ')).toEqual([]);
    expect(found('some words', 'none')).toEqual([]);
  });
});
