import { hasEnded, type JobStatus } from '@stenopool/client';
import { jobAddress } from '../route';
import { Bar } from '../ui/bar';
import { troubleWith } from '../words/problems';
import { etaLine, stateLine } from '../words/states';
import { clock, when } from '../words/times';
import { JobActs } from './JobActs';
import { lastLine, NO_TEXT } from './liveText';
import { liveTexts } from './jobs';

/** One job of the list. */
export function JobRow({ job, isChosen }: { job: JobStatus; isChosen: boolean }) {
  return (
    <li class={`job job-${job.status}`}>
      <a href={jobAddress(job.job_id)} aria-current={isChosen ? 'page' : undefined}>
        <span class="job-head">
          <bdi class="name" title={job.filename}>
            {job.filename}
          </bdi>
          <span class="meta">{when(job.created_at)}</span>
        </span>
        <span class="job-state meta">
          <span class="dot" aria-hidden="true" />
          {lineOf(job)}
        </span>
        {job.status === 'processing' && <Bar share={job.progress > 0 ? job.progress : null} label={`Transcription of ${job.filename}`} />}
        {!hasEnded(job.status) && <LastWords id={job.job_id} />}
      </a>
      <JobActs job={job} isSmall isShown={isChosen} />
    </li>
  );
}

function lineOf(job: JobStatus): string {
  const parts = [stateLine(job)];
  if (job.status === 'failed' && job.error) parts[0] = `Failed: ${troubleWith(job.error).what.replace(/\.$/, '')}`;
  if (hasEnded(job.status)) parts.push(job.duration === null ? '' : clock(job.duration));
  else parts.push(etaLine(job));
  return parts.filter((part) => part !== '').join(' · ');
}

function LastWords({ id }: { id: string }) {
  const line = lastLine(liveTexts.value.get(id) ?? NO_TEXT);
  if (line === '') return null;
  return (
    <span class="job-words" dir="auto" aria-hidden="true">
      {line}
    </span>
  );
}
