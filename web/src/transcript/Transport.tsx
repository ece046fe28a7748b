import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { IconButton } from '../ui/button';
import { clock } from '../words/times';
import type { Player } from './player';

const STEP_S = 5;
const SPEEDS = [0.75, 1, 1.25, 1.5, 2];

/** Play, how far, how fast; and the keys for it. */
export function Transport({ player, duration, children }: { player: Player; duration: number; children?: ComponentChildren }) {
  const seconds = useSeconds(player);
  const [speed, setSpeed] = useState(1);
  useKeys(player);
  useEffect(() => {
    if (player.audio.current) player.audio.current.playbackRate = speed;
  }, [speed, player.state]);
  return (
    <div class="transport">
      <IconButton icon={player.isPlaying ? 'pause' : 'play'} name={player.isPlaying ? 'Pause' : 'Play'} onClick={player.toggle} />
      <span class="meta" data-testid="time">
        {clock(seconds)} / {clock(duration)}
      </span>
      <select class="speed" aria-label="Speed" value={speed} onChange={(event) => setSpeed(Number(event.currentTarget.value))}>
        {SPEEDS.map((each) => (
          <option value={each} key={each}>
            {each}×
          </option>
        ))}
      </select>
      {children}
      {player.state === 'failed' && <span class="meta">The recording cannot be played in this browser.</span>}
    </div>
  );
}

function useSeconds({ audio }: Player): number {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    const element = audio.current;
    const hear = (): void => setSeconds(Math.floor(element?.currentTime ?? 0));
    element?.addEventListener('timeupdate', hear);
    element?.addEventListener('seeked', hear);
    return () => {
      element?.removeEventListener('timeupdate', hear);
      element?.removeEventListener('seeked', hear);
    };
  }, [audio]);
  return seconds;
}

/** Space plays and stops, the arrows go five seconds; not where keys have a meaning of their own. */
function useKeys(player: Player): void {
  useEffect(() => {
    const hear = (event: KeyboardEvent): void => {
      const isTaken = (event.target as HTMLElement).closest('input, textarea, select, button, a, summary, dialog');
      if (isTaken || event.ctrlKey || event.metaKey || event.altKey) return;
      const now = player.audio.current?.currentTime ?? 0;
      if (event.key === ' ') player.toggle();
      else if (event.key === 'ArrowLeft') player.seek(now - STEP_S);
      else if (event.key === 'ArrowRight') player.seek(now + STEP_S);
      else return;
      event.preventDefault();
    };
    addEventListener('keydown', hear);
    return () => removeEventListener('keydown', hear);
  }, [player.toggle, player.seek]);
}
