import type { JobStatus, StenopoolClient } from '@stenopool/client';
import { useState } from 'preact/hooks';
import { announce } from '../announce';
import { asksForKey } from '../session';
import { Button } from '../ui/button';
import { Notice } from '../ui/notice';
import { type Trouble, troubleOf } from '../words/problems';
import { plainText, type Reading } from './model';
import { copy, FORMATS, save } from './save';

const SHOWN_MS = 2000;

/** Takes the text along. */
export function SaveActs({ job, reading, client }: { job: JobStatus; reading: Reading; client: StenopoolClient }) {
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const [isCopied, setCopied] = useState(false);
  const run = (act: Promise<void>): void => {
    setTrouble(null);
    act.catch((error: unknown) => {
      if (!asksForKey(error)) setTrouble(troubleOf(error));
    });
  };
  const take = async (): Promise<void> => {
    await copy(plainText(reading));
    announce('Copied');
    setCopied(true);
    setTimeout(() => setCopied(false), SHOWN_MS);
  };
  return (
    <>
      <Button icon={isCopied ? 'check' : 'copy'} onClick={() => run(take())}>
        {isCopied ? 'Copied' : 'Copy text'}
      </Button>
      <div class="downloads" role="group" aria-label="Download">
        {FORMATS.map((format) => (
          <Button key={format} icon={format === FORMATS[0] ? 'download' : undefined} aria-label={`Download ${format}`} onClick={() => run(save(client, job.job_id, job.filename, format))}>
            {format}
          </Button>
        ))}
      </div>
      {trouble && <Notice trouble={trouble} />}
    </>
  );
}
