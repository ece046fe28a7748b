/**
 * The recording, played by a link that works without the key for an hour.
 * @module
 */

import { GoneError, NotFoundError, type StenopoolClient } from '@stenopool/client';
import { type RefObject } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';

export interface Player {
  audio: RefObject<HTMLAudioElement | null>;
  /** `gone`: the recording is not kept any more. */
  state: 'coming' | 'ready' | 'gone' | 'failed';
  isPlaying: boolean;
  seek: (seconds: number, plays?: boolean) => void;
  toggle: () => void;
}

export function usePlayer(client: StenopoolClient, jobId: string): Player {
  const audio = useRef<HTMLAudioElement>(null);
  const [state, setState] = useState<Player['state']>('coming');
  const [isPlaying, setPlaying] = useState(false);
  useEffect(() => {
    const element = audio.current;
    if (!element) return undefined;
    const gone = new AbortController();
    const on = (name: string, hear: () => void): void => element.addEventListener(name, hear, { signal: gone.signal });
    const open = linkOpener(client, jobId, element, gone.signal, setState);
    on('play', () => setPlaying(true));
    on('pause', () => setPlaying(false));
    on('loadedmetadata', () => setState('ready'));
    on('error', () => void open());
    void open();
    return () => {
      gone.abort();
      element.removeAttribute('src');
      element.load();
    };
  }, [client, jobId]);
  const acts = useMemo(
    () => ({
      seek: (seconds: number, plays = false) => {
        const element = audio.current;
        if (!element) return;
        element.currentTime = Math.max(0, seconds);
        if (plays) void element.play().catch(() => undefined);
      },
      toggle: () => {
        const element = audio.current;
        if (element?.paused) void element.play().catch(() => undefined);
        else element?.pause();
      },
    }),
    [],
  );
  return { audio, state, isPlaying, ...acts };
}

/** Opens the recording; opened again it goes on where it was: a link lives for an hour, and a reader may take longer. */
function linkOpener(
  client: StenopoolClient,
  jobId: string,
  element: HTMLAudioElement,
  signal: AbortSignal,
  tell: (state: Player['state']) => void,
): () => Promise<void> {
  let lastMs = -Infinity;
  return async () => {
    // What fails at once again is not the link.
    if (Date.now() - lastMs < 5000) return tell('failed');
    lastMs = Date.now();
    const [at, wasPlaying] = [element.currentTime, !element.paused];
    try {
      const link = await client.createMediaLink(jobId, { signal });
      element.src = link.url;
      if (at > 0) element.currentTime = at;
      if (wasPlaying) await element.play();
    } catch (error) {
      if (!signal.aborted) tell(error instanceof GoneError || error instanceof NotFoundError ? 'gone' : 'failed');
    }
  };
}
