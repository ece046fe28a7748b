/**
 * Text as it comes, before there is a transcript. No I/O.
 * @module
 */

import type { RestartNews, SegmentNews } from '@stenopool/client';

/** A stretch of text that came. */
export type LiveSegment = SegmentNews['segment'];

/** The text of a run, by the parts (spans) that it is recognised in. */
export type LiveText = ReadonlyMap<number, readonly LiveSegment[]>;

export const NO_TEXT: LiveText = new Map();

/**
 * With one more segment. It may come twice: by the stream of all jobs, and by that of the job, which tells from the beginning.
 */
export function withSegment(text: LiveText, { span, segment }: SegmentNews): LiveText {
  const before = text.get(span) ?? [];
  // It nearly always belongs at the end.
  let at = before.length;
  while (at > 0 && before[at - 1]!.start > segment.start) at -= 1;
  if (at > 0 && before[at - 1]!.start === segment.start) return text;
  return new Map(text).set(span, [...before.slice(0, at), segment, ...before.slice(at)]);
}

/** Another attempt begins: what came of its part is void. */
export function withRestart(text: LiveText, { span }: RestartNews): LiveText {
  if (span === null) return NO_TEXT;
  const left = new Map(text);
  left.delete(span);
  return left;
}

/** All of it, in the order of the recording. */
export function inOrder(text: LiveText): LiveSegment[] {
  return [...text.entries()].sort(([one], [other]) => one - other).flatMap(([, segments]) => segments);
}

/** The newest words, for one line. */
export function lastLine(text: LiveText): string {
  const segments = inOrder(text);
  return segments.slice(-2).map((segment) => segment.text.trim()).join(' ');
}
