/**
 * Lights the word that is being said, and keeps it in sight until the reader goes elsewhere.
 * @module
 */

import { useEffect, useState } from 'preact/hooks';
import { pieceAt, type Reading } from './model';
import type { Player } from './player';

/** Part of the window's height at its top and bottom in which a word is nearly out of sight. */
const EDGE = 0.25;

/** `words`: the elements of the pieces, in order. */
export function useFollowing(reading: Reading, player: Player, words: () => readonly HTMLElement[]): { isFollowing: boolean; follow: () => void } {
  const [isFollowing, setFollowing] = useState(true);
  const audio = player.audio;
  useEffect(() => {
    let lit = -1;
    let frame = 0;
    const show = (): void => {
      const seconds = audio.current?.currentTime ?? 0;
      // Before anybody has played or sought nothing is being said.
      const now = seconds === 0 && !player.isPlaying ? -1 : pieceAt(reading.pieces, seconds);
      if (now !== lit) {
        words()[lit]?.classList.remove('said');
        words()[now]?.classList.add('said');
        lit = now;
        if (isFollowing && player.isPlaying && words()[now]) keepInSight(words()[now]!);
      }
      if (player.isPlaying) frame = requestAnimationFrame(show);
    };
    const element = audio.current;
    element?.addEventListener('seeked', show);
    show();
    return () => {
      cancelAnimationFrame(frame);
      element?.removeEventListener('seeked', show);
      words()[lit]?.classList.remove('said');
    };
  }, [reading, player.isPlaying, isFollowing, words]);
  useEffect(() => {
    if (!player.isPlaying) return undefined;
    const leave = (): void => setFollowing(false);
    const leaveByKey = (event: KeyboardEvent): void => {
      if (['PageUp', 'PageDown', 'Home', 'End', 'ArrowUp', 'ArrowDown'].includes(event.key)) leave();
    };
    addEventListener('wheel', leave, { passive: true });
    addEventListener('touchmove', leave, { passive: true });
    addEventListener('keydown', leaveByKey);
    return () => {
      removeEventListener('wheel', leave);
      removeEventListener('touchmove', leave);
      removeEventListener('keydown', leaveByKey);
    };
  }, [player.isPlaying]);
  return { isFollowing, follow: () => setFollowing(true) };
}

export function keepInSight(element: HTMLElement): void {
  const { top, bottom } = element.getBoundingClientRect();
  if (top > innerHeight * EDGE && bottom < innerHeight * (1 - EDGE)) return;
  const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  element.scrollIntoView({ block: 'center', behavior: isCalm ? 'auto' : 'smooth' });
}
