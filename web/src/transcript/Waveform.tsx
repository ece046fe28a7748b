import type { Peaks, StenopoolClient } from '@stenopool/client';
import { useEffect, useRef, useState } from 'preact/hooks';
import type WaveSurfer from 'wavesurfer.js';
import { clock } from '../words/times';
import type { Player } from './player';

const HEIGHT_PX = 72;

interface WaveformProps {
  client: StenopoolClient;
  jobId: string;
  duration: number;
  player: Player;
}

/** The outline of the recording, drawn from what the server measured; a slider for those who do not see or point. */
export function Waveform({ client, jobId, duration, player }: WaveformProps) {
  const box = useRef<HTMLDivElement>(null);
  const [seconds, setSeconds] = useState(0);
  useWaveSurfer(box, client, jobId, duration, player);
  useEffect(() => {
    const audio = player.audio.current;
    const hear = (): void => setSeconds(Math.floor(audio?.currentTime ?? 0));
    audio?.addEventListener('timeupdate', hear);
    return () => audio?.removeEventListener('timeupdate', hear);
  }, [player.audio]);
  return (
    <div class="waveform">
      <div ref={box} class="waveform-box" aria-hidden="true" />
      <input
        class="waveform-slider"
        type="range"
        aria-label="Position"
        aria-valuetext={`${clock(seconds)} of ${clock(duration)}`}
        min={0}
        max={Math.ceil(duration)}
        step={1}
        value={seconds}
        onInput={(event) => player.seek(Number(event.currentTarget.value))}
      />
    </div>
  );
}

function useWaveSurfer(box: { current: HTMLDivElement | null }, client: StenopoolClient, jobId: string, duration: number, { audio }: Player): void {
  useEffect(() => {
    const gone = new AbortController();
    let wave: WaveSurfer | undefined;
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    const draw = async (): Promise<void> => {
      const [{ default: surfer }, peaks] = await Promise.all([import('wavesurfer.js'), client.getPeaks(jobId, { signal: gone.signal })]);
      if (gone.signal.aborted || !box.current || !audio.current) return;
      wave = surfer.create({
        container: box.current,
        media: audio.current,
        peaks: [outline(peaks)],
        duration,
        height: HEIGHT_PX,
        barWidth: 2,
        barGap: 1,
        barRadius: 2,
        normalize: true,
        dragToSeek: true,
        cursorWidth: 2,
        cspNonce: document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '',
        ...colours(),
      });
    };
    // Without its outline the recording can still be played.
    void draw().catch(() => undefined);
    scheme.addEventListener('change', () => wave?.setOptions(colours()), { signal: gone.signal });
    return () => {
      gone.abort();
      // It would end what it did not begin.
      wave?.destroy();
    };
  }, [client, jobId, duration]);
}

/** How loud it is, 0 to 1: the greater of each pair of least and greatest sample. */
export function outline({ data, bits }: Pick<Peaks, 'data' | 'bits'>): number[] {
  const full = 2 ** (bits - 1);
  return Array.from({ length: data.length >> 1 }, (_, index) => Math.max(Math.abs(data[2 * index]!), Math.abs(data[2 * index + 1]!)) / full);
}

function colours(): { waveColor: string; progressColor: string; cursorColor: string } {
  const style = getComputedStyle(document.querySelector('.waveform') ?? document.body);
  return { waveColor: style.getPropertyValue('--wave'), progressColor: style.getPropertyValue('--wave-done'), cursorColor: style.getPropertyValue('--wave-cursor') };
}
