/**
 * Shows what was found without touching the text: by the browser's own highlights or, without those, on whole words.
 * @module
 */

import type { Match, Place } from './search';

/** Marks them; returns what takes the marks away. */
export function markMatches(matches: readonly Match[], now: number, words: readonly HTMLElement[]): () => void {
  if (typeof Highlight === 'undefined' || !('highlights' in CSS)) return markWords(matches, now, words);
  const ranges = matches.map(({ from, to }) => rangeOf(from, to, words));
  const current = ranges[now];
  CSS.highlights.set('found', new Highlight(...ranges.filter((range) => range !== null)));
  CSS.highlights.set('found-now', new Highlight(...(current ? [current] : [])));
  return () => {
    CSS.highlights.delete('found');
    CSS.highlights.delete('found-now');
  };
}

function rangeOf(from: Place, to: Place, words: readonly HTMLElement[]): Range | null {
  const [first, last] = [words[from.piece]?.firstChild, words[to.piece]?.firstChild];
  if (!first || !last) return null;
  const range = new Range();
  range.setStart(first, from.at);
  range.setEnd(last, Math.min(to.at, last.textContent?.length ?? 0));
  return range;
}

function markWords(matches: readonly Match[], now: number, words: readonly HTMLElement[]): () => void {
  const marked: HTMLElement[] = [];
  matches.forEach(({ from, to }, index) => {
    for (const word of words.slice(from.piece, to.piece + 1)) {
      word.classList.add('found');
      word.classList.toggle('found-now', index === now);
      marked.push(word);
    }
  });
  return () => marked.forEach((word) => word.classList.remove('found', 'found-now'));
}
