import { hasEnded } from '@stenopool/client';
import { useState } from 'preact/hooks';
import { asksForKey } from '../session';
import { HOME } from '../route';
import { Button } from '../ui/button';
import { Icon } from '../ui/icons';
import { hasNoList, jobs, loadOlder, older } from './jobs';
import { JobRow } from './JobRow';

/** From so many on looking for one is a search. */
const MANY = 8;

/** All jobs, newest first. */
export function JobList({ chosen }: { chosen: string | null }) {
  const [sought, setSought] = useState('');
  const all = jobs.value;
  const open = all.filter((job) => !hasEnded(job.status)).length;
  const wanted = sought.trim().toLocaleLowerCase();
  const shown = wanted === '' ? all : all.filter((job) => job.filename.toLocaleLowerCase().includes(wanted));
  return (
    <nav class="jobs" aria-label="Jobs">
      {chosen !== null && (
        <a class="button button-plain side-new" href={HOME}>
          <Icon name="upload" />
          <span>New recording</span>
        </a>
      )}
      <div class="jobs-head">
        <h2>Recordings</h2>
        <span class="meta">{open > 0 ? `${open} in work` : ''}</span>
      </div>
      {all.length > MANY && (
        <label class="jobs-search">
          <span class="unseen">Find a recording by its name</span>
          <input type="search" placeholder="Find by name" value={sought} onInput={(event) => setSought(event.currentTarget.value)} />
        </label>
      )}
      <ul role="list">
        {shown.map((job) => (
          <JobRow key={job.job_id} job={job} isChosen={job.job_id === chosen} />
        ))}
      </ul>
      {wanted !== '' && shown.length === 0 && <p class="jobs-none">No recording here is called so.</p>}
      {older.value !== null && !hasNoList.value && (
        <Button look="quiet" onClick={() => void loadOlder().catch(asksForKey)}>
          Show older ones
        </Button>
      )}
    </nav>
  );
}
