import type { JobStatus, StenopoolClient } from '@stenopool/client';
import { useEffect, useState } from 'preact/hooks';

/** A finished job: its recording and its text. */
export function TranscriptView({ job, client }: { job: JobStatus; client: StenopoolClient }) {
  const [text, setText] = useState('');
  useEffect(() => {
    const gone = new AbortController();
    void client.getResult(job.job_id, { signal: gone.signal }).then((result) => setText(result.text));
    return () => gone.abort();
  }, [job.job_id, client]);
  return <p dir="auto">{text}</p>;
}
