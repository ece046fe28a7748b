import type { JobStatus } from '@stenopool/client';
import { useEffect, useRef } from 'preact/hooks';
import { announce } from '../announce';
import { asksForKey, client } from '../session';
import { Bar } from '../ui/bar';
import { etaLine, stateLine } from '../words/states';
import { clock } from '../words/times';
import { catchUp } from './catchUp';
import { connection } from './feed';
import { liveTexts } from './jobs';
import { inOrder, NO_TEXT } from './liveText';

/** How often progress is said aloud. */
const SAY_MS = 10_000;
/** A reader who is this near to the end follows it. */
const NEAR_PX = 120;

/** A job on its way: how far it is, and its text as it comes. */
export function Running({ job }: { job: JobStatus }) {
  const segments = inOrder(liveTexts.value.get(job.job_id) ?? NO_TEXT);
  useCatchUp(job);
  useSaid(job);
  useFollowing(segments.length);
  const seconds = job.duration === null ? '' : `${clock(job.done_seconds)} of ${clock(job.duration)}`;
  return (
    <section class="running" aria-label="Progress">
      <div class="running-line">
        <strong>{stateLine(job)}</strong>
        <span class="meta">{[seconds, etaLine(job)].filter((part) => part !== '').join(' · ')}</span>
      </div>
      <Bar share={job.status === 'processing' && job.progress > 0 ? job.progress : job.status === 'queued' ? 0 : null} label="Transcription" />
      {segments.length > 0 && (
        <p class="running-text" dir="auto" data-testid="live-text">
          {segments.map((segment) => (
            <span key={segment.start}>{segment.text.trim()} </span>
          ))}
        </p>
      )}
    </section>
  );
}

/** Gets what was said before the page listened. */
function useCatchUp({ job_id: id, status }: JobStatus): void {
  const isAsking = connection.value === 'asking';
  useEffect(() => {
    if (status !== 'processing') return undefined;
    const gone = new AbortController();
    void catchUp(client, id, gone.signal, isAsking).catch(asksForKey);
    return () => gone.abort();
  }, [id, status, isAsking]);
}

function useSaid(job: JobStatus): void {
  const newest = useRef(job);
  newest.current = job;
  useEffect(() => {
    const timer = setInterval(() => announce(`${newest.current.filename}: ${stateLine(newest.current)}`), SAY_MS);
    return () => clearInterval(timer);
  }, []);
}

/** Stays at the end of the text as it grows, unless the reader is somewhere else. */
function useFollowing(length: number): void {
  const wasNear = useRef(false);
  useEffect(() => {
    const page = document.documentElement;
    if (wasNear.current) scrollTo({ top: page.scrollHeight });
    wasNear.current = page.scrollHeight - innerHeight - scrollY < NEAR_PX && scrollY > 0;
  }, [length]);
}
