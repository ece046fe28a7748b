import { hasEnded, type JobStatus } from '@stenopool/client';
import { useState } from 'preact/hooks';
import { go, HOME } from '../route';
import { asksForKey } from '../session';
import { Button, IconButton } from '../ui/button';
import { ConfirmButton } from '../ui/confirmButton';
import { Notice } from '../ui/notice';
import { type Trouble, troubleOf } from '../words/problems';
import { remove, retry } from './jobs';

/** What can be done with a job. `isSmall`: in its row of the list, by pictures. `isShown`: it is what one looks at. */
export function JobActs({ job, isSmall = false, isShown = true }: { job: JobStatus; isSmall?: boolean; isShown?: boolean }) {
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
  const again = (): void => run(() => retry(job));
  const cancel = (): void => run(() => remove(job));
  const discard = (): void => run(() => remove(job).then(() => (isShown ? go(HOME) : undefined)));
  return (
    <div class={isSmall ? 'job-acts' : 'page-acts'}>
      {canRetry &&
        (isSmall ? (
          <IconButton icon="retry" name={`Try ${job.filename} again`} disabled={isBusy} onClick={again} />
        ) : (
          <Button icon="retry" disabled={isBusy} onClick={again}>
            Try again
          </Button>
        ))}
      {hasEnded(job.status) ? (
        <ConfirmButton
          icon="delete"
          name="Delete"
          of={isSmall ? job.filename : undefined}
          question={job.status === 'completed' ? 'Recording and transcript, for good?' : 'For good?'}
          onConfirm={discard}
        />
      ) : isSmall ? (
        <IconButton icon="cancel" name={`Cancel ${job.filename}`} disabled={isBusy} onClick={cancel} />
      ) : (
        <Button icon="cancel" disabled={isBusy} onClick={cancel}>
          Cancel
        </Button>
      )}
      {trouble && <Notice trouble={trouble} />}
    </div>
  );
}
