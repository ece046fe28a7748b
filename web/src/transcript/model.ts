/**
 * A transcript as it is read: paragraphs of pieces, each of which can be sought and lit. No I/O.
 * @module
 */

import type { Segment, TranscriptionResult } from '@stenopool/client';

/** A word or, where the result has no words, a segment. */
export interface Piece {
  /** Space before it, as the language has it. */
  lead: string;
  text: string;
  start: number;
  end: number;
  /** 0 to 1; null where nobody knows. */
  probability: number | null;
}

export interface Paragraph {
  start: number;
  /** Number of its first piece. */
  first: number;
  pieces: readonly Piece[];
}

export interface Reading {
  paragraphs: readonly Paragraph[];
  /** All pieces in order. */
  pieces: readonly Piece[];
  hasWords: boolean;
}

/** Below this a word is rather a guess. */
export const UNSURE = 0.5;

const PAUSE_S = 1.2;
const LONG_PAUSE_S = 3;
const LONG = 600;
const TOO_LONG = 1200;
/** Scripts that put no space between words. */
const WITHOUT_SPACES = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}。、！？，]/u;
const SENTENCE_END = /[.!?…。！？؟।]["'”’»)\]]*$/u;

export function readingOf({ segments }: Pick<TranscriptionResult, 'segments'>): Reading {
  const paragraphs: { start: number; first: number; pieces: Piece[] }[] = [];
  const pieces: Piece[] = [];
  let last: Segment | null = null;
  let length = 0;
  for (const segment of segments) {
    const found = piecesOf(segment, last);
    if (found.length === 0) continue;
    if (last === null || breaksBefore(segment, last, length)) {
      paragraphs.push({ start: segment.start, first: pieces.length, pieces: [] });
      found[0] = { ...found[0]!, lead: '' };
      length = 0;
    }
    paragraphs.at(-1)!.pieces.push(...found);
    pieces.push(...found);
    length += segment.text.length;
    last = segment;
  }
  return { paragraphs, pieces, hasWords: segments.some((segment) => (segment.words?.length ?? 0) > 0) };
}

/** Number of the piece that is said at `seconds`, or was last; -1 before the first. */
export function pieceAt(pieces: readonly Pick<Piece, 'start'>[], seconds: number): number {
  let [low, high] = [0, pieces.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (pieces[middle]!.start <= seconds) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** All of it as text, a blank line between paragraphs. */
export function plainText({ paragraphs }: Reading): string {
  return paragraphs.map(({ pieces }) => pieces.map(({ lead, text }) => lead + text).join('')).join('\n\n');
}

function piecesOf(segment: Segment, before: Segment | null): Piece[] {
  const lead = spaceBetween(before?.text ?? '', segment.text);
  const words = (segment.words ?? []).filter(({ word }) => word.trim() !== '');
  if (words.length === 0) {
    const text = segment.text.trim();
    return text === '' ? [] : [{ lead, text, start: segment.start, end: segment.end, probability: segment.confidence }];
  }
  let at = 0;
  return words.map(({ word, start, end, probability }, number) => {
    const text = word.trim();
    // Words come without the space between them; the segment's text has it, or has none as in Chinese.
    const found = segment.text.indexOf(text, at);
    const isApart = found < 0 || /\s/.test(segment.text.slice(at, found));
    if (found >= 0) at = found + text.length;
    return { lead: number === 0 ? lead : isApart ? ' ' : '', text, start, end, probability };
  });
}

function spaceBetween(before: string, after: string): string {
  const isWritten = /\s$/.test(before) || /^\s/.test(after);
  return isWritten || !(WITHOUT_SPACES.test(before.slice(-1)) && WITHOUT_SPACES.test(after.slice(0, 1))) ? ' ' : '';
}

function breaksBefore(segment: Segment, last: Segment, length: number): boolean {
  const pause = segment.start - last.end;
  const isSentence = SENTENCE_END.test(last.text.trim());
  if (pause > LONG_PAUSE_S || length > TOO_LONG) return true;
  return isSentence && (pause > PAUSE_S || length > LONG);
}
