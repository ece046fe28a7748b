import { hasEnded, type JobStatus } from '@stenopool/client';
import { useEffect, useRef, useState } from 'preact/hooks';
import { asksForKey, client, visitor } from '../session';
import { HOME } from '../route';
import { TranscriptView } from '../transcript/TranscriptView';
import { Icon } from '../ui/icons';
import { Notice } from '../ui/notice';
import { type Trouble, troubleOf, troubleWith } from '../words/problems';
import { stateLine } from '../words/states';
import { JobActs } from './JobActs';
import { jobOf, refresh } from './jobs';
import { Running } from './Running';

/** One job: on its way, with its transcript, or with the reason why there is none. */
export function JobPage({ id }: { id: string }) {
  const job = jobOf(id);
  const trouble = useNews(id, job !== undefined);
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus({ preventScroll: true }), [id]);
  useEffect(() => {
    document.title = job ? `${titleOf(job)} – Stenopool` : 'Stenopool';
    return () => void (document.title = 'Stenopool');
  }, [job]);
  return (
    <article class="page" aria-labelledby="job-title">
      <a class="page-back" href={HOME}>
        <Icon name="back" /> All recordings
      </a>
      <header class="page-head">
        <h2 id="job-title" ref={title} tabIndex={-1}>
          <bdi>{job?.filename ?? (trouble ? 'No such job' : '…')}</bdi>
        </h2>
        {job && <JobActs job={job} />}
      </header>
      {trouble && <Notice trouble={trouble} />}
      {job && <Body job={job} />}
    </article>
  );
}

function Body({ job }: { job: JobStatus }) {
  if (job.status === 'completed') return <TranscriptView key={job.job_id} job={job} client={client} />;
  if (job.status === 'failed') {
    return (
      <>
        <Notice trouble={job.error ? troubleWith(job.error) : { what: job.message, hint: '', code: '' }} />
        <Warnings job={job} />
      </>
    );
  }
  if (job.status === 'cancelled') return <p class="page-quiet">It was cancelled. “Try again” takes it up anew while the recording is kept.</p>;
  return (
    <>
      <Running job={job} />
      <Warnings job={job} />
    </>
  );
}

function Warnings({ job }: { job: JobStatus }) {
  return (
    <>
      {job.warnings.map((warning) => (
        <Notice key={warning} kind="warn" trouble={{ what: `${warning.charAt(0).toUpperCase()}${warning.slice(1)}.`, hint: '', code: '' }} />
      ))}
    </>
  );
}

/** Asks for a job that the list does not have, and again for one that is not told of. */
function useNews(id: string, isKnown: boolean): Trouble | null {
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  useEffect(() => {
    let isGone = false;
    setTrouble(null);
    if (isKnown) return undefined;
    refresh(id).then(
      (found) => {
        if (!isGone && !found) setTrouble({ what: 'There is no such job.', hint: 'It may have been deleted, or it is somebody else’s.', code: '' });
      },
      (error: unknown) => {
        if (!isGone && !asksForKey(error)) setTrouble(troubleOf(error));
      },
    );
    return () => {
      isGone = true;
    };
  }, [id, isKnown, visitor.value]);
  return trouble;
}

function titleOf(job: JobStatus): string {
  return hasEnded(job.status) ? job.filename : `${stateLine(job)} – ${job.filename}`;
}
