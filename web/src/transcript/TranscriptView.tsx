import type { JobStatus, StenopoolClient, TranscriptionResult } from '@stenopool/client';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { asksForKey } from '../session';
import { later } from '../ui/later';
import { Button } from '../ui/button';
import { Notice } from '../ui/notice';
import { type Trouble, troubleOf } from '../words/problems';
import { Facts } from './Facts';
import { readingOf } from './model';
import { addressOfApi, fieldsOfJob } from './request';
import { Reader } from './Reader';
import './transcript.css';

const RequestAsCode = later(() => import('../snippets/RequestAsCode').then((module) => module.RequestAsCode));

/** A finished job: its recording, its text, and what can be done with both. */
export function TranscriptView({ job, client }: { job: JobStatus; client: StenopoolClient }) {
  const [result, setResult] = useState<TranscriptionResult | null>(null);
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const [tries, setTries] = useState(0);
  const [showsCode, setShowsCode] = useState(false);
  const reading = useMemo(() => result && readingOf(result), [result]);
  useEffect(() => {
    const gone = new AbortController();
    setTrouble(null);
    client.getResult(job.job_id, { signal: gone.signal }).then(setResult, (error: unknown) => {
      if (!gone.signal.aborted && !asksForKey(error)) setTrouble(troubleOf(error));
    });
    return () => gone.abort();
  }, [job.job_id, client, tries]);
  if (trouble) {
    return (
      <Notice trouble={trouble}>
        {trouble.code !== 'result_expired' && (
          <Button icon="retry" onClick={() => setTries(tries + 1)}>
            Try again
          </Button>
        )}
      </Notice>
    );
  }
  if (!result || !reading) return <p class="page-quiet">Fetching the text …</p>;
  return (
    <section class="transcript" aria-label="Transcript">
      <Facts job={job} result={result} />
      <Reader job={job} result={result} reading={reading} client={client} />
      <details class="options-code" onToggle={(event) => setShowsCode(event.currentTarget.open)}>
        <summary>The same request as code</summary>
        {showsCode && <RequestAsCode filename={job.filename} fields={fieldsOfJob(job)} address={addressOfApi()} />}
      </details>
    </section>
  );
}
