import type { JobStatus, TranscriptionResult } from '@stenopool/client';
import { languageName } from '../handin/languages';
import { about, clock, when } from '../words/times';

/** What there is to know of a transcript, on one line. */
export function Facts({ job, result }: { job: JobStatus; result: TranscriptionResult }) {
  const sure = result.language_probability;
  const isGuess = sure !== null && sure < 0.9;
  const facts = [
    `${languageName(result.language)}${isGuess ? ` (${Math.round(sure * 100)} % sure)` : ''}`,
    clock(result.duration),
    result.task === 'translate' ? 'translated into English' : '',
    `model ${result.model}`,
    result.cached ? 'known from before' : `took ${about(result.processing_seconds)}`,
    job.ended_at === null ? '' : when(job.ended_at),
  ];
  return (
    <p class="facts meta">
      {facts
        .filter((fact) => fact !== '')
        .map((fact) => (
          <span key={fact}>{fact}</span>
        ))}
    </p>
  );
}
