import { hasEnded, type JobStatus } from '@stenopool/client';
import { useState } from 'preact/hooks';
import { go, HOME } from '../route';
import { asksForKey } from '../session';
import { Button } from '../ui/button';
import { ConfirmButton } from '../ui/confirmButton';
import { Notice } from '../ui/notice';
import { type Trouble, troubleOf } from '../words/problems';
import { remove, retry } from './jobs';

/** What can be done with a job. */
export function JobActs({ job }: { job: JobStatus }) {
  const [isBusy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const run = (act: () => Promise<void>): void => {
    setBusy(true);
    setTrouble(null);
    act()
      .catch((error: unknown) => {
        if (!asksForKey(error)) setTrouble(troubleOf(error));
      })
      .finally(() => setBusy(false));
  };
  const canRetry = job.status === 'failed' || job.status === 'cancelled';
  return (
    <div class="page-acts">
      {canRetry && (
        <Button icon="retry" disabled={isBusy} onClick={() => run(() => retry(job))}>
          Try again
        </Button>
      )}
      {hasEnded(job.status) ? (
        <ConfirmButton
          icon="delete"
          name="Delete"
          question={job.status === 'completed' ? 'Recording and transcript, for good?' : 'For good?'}
          onConfirm={() => run(() => remove(job).then(() => go(HOME)))}
        />
      ) : (
        <Button icon="cancel" disabled={isBusy} onClick={() => run(() => remove(job))}>
          Cancel
        </Button>
      )}
      {trouble && <Notice trouble={trouble} />}
    </div>
  );
}
