import type { JobStatus, StenopoolClient, TranscriptionResult } from '@stenopool/client';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { Button } from '../ui/button';
import { Find } from './Find';
import { useFollowing } from './followVoice';
import { type Reading, UNSURE } from './model';
import { usePlayer } from './player';
import { SaveActs } from './SaveActs';
import { Text } from './Text';
import { Transport } from './Transport';
import { Waveform } from './Waveform';

interface ReaderProps {
  job: JobStatus;
  result: TranscriptionResult;
  reading: Reading;
  client: StenopoolClient;
}

/** Recording and text beside one another. */
export function Reader({ job, result, reading, client }: ReaderProps) {
  const player = usePlayer(client, job.job_id);
  const page = useRef<HTMLDivElement>(null);
  const words = useWords(page, reading);
  const { isFollowing, follow } = useFollowing(reading, player, words);
  const [marksUnsure, setMarksUnsure] = useState(true);
  const seek = useCallback((seconds: number) => player.seek(seconds, true), [player.seek]);
  const unsure = reading.pieces.filter(({ probability }) => probability !== null && probability < UNSURE).length;
  const isGone = player.state === 'gone';
  if (reading.pieces.length === 0) {
    return (
      <>
        <Instrument job={job} result={result} client={client} player={player} />
        <p class="nothing-said">Nothing was said in this recording, as far as the recogniser heard.</p>
      </>
    );
  }
  return (
    <>
      <Instrument job={job} result={result} client={client} player={player}>
        {player.isPlaying && !isFollowing && (
          <Button look="quiet" onClick={follow}>
            Follow the voice
          </Button>
        )}
      </Instrument>
      {isGone && <p class="page-quiet">The recording is not kept any more; its text is.</p>}
      <div class="tools">
        <Find reading={reading} words={words} />
        {unsure > 0 && reading.hasWords && (
          <label class="check">
            <input type="checkbox" checked={marksUnsure} onChange={(event) => setMarksUnsure(event.currentTarget.checked)} />
            <span class="legend">
              <span class="word unsure">Unsure words</span> <span class="meta">{unsure}</span>
            </span>
          </label>
        )}
        <SaveActs job={job} reading={reading} client={client} />
      </div>
      <div ref={page} class={marksUnsure ? 'reader' : 'reader reader-sure'}>
        <Text reading={reading} language={result.task === 'translate' ? 'en' : result.language} onSeek={seek} />
      </div>
    </>
  );
}

type InstrumentProps = Omit<ReaderProps, 'reading'> & { player: ReturnType<typeof usePlayer>; children?: preact.ComponentChildren };

/** Waveform and buttons; the audio element is there at any rate, since it is what says that the recording is gone. */
function Instrument({ job, result, client, player, children }: InstrumentProps) {
  return (
    <div class={player.state === 'gone' ? 'instrument instrument-gone' : 'instrument'}>
      <audio ref={player.audio} preload="metadata" />
      {player.state !== 'gone' && (
        <>
          <Waveform client={client} jobId={job.job_id} duration={result.duration} player={player} />
          <Transport player={player} duration={result.duration}>
            {children}
          </Transport>
        </>
      )}
    </div>
  );
}

/** The elements of the pieces, looked up once they are drawn. */
function useWords(page: { current: HTMLDivElement | null }, reading: Reading): () => readonly HTMLElement[] {
  const found = useRef<readonly HTMLElement[]>([]);
  useEffect(() => {
    found.current = [];
  }, [reading]);
  return useCallback(() => {
    if (found.current.length === 0) found.current = [...(page.current?.querySelectorAll<HTMLElement>('.word') ?? [])];
    return found.current;
  }, [reading]);
}
