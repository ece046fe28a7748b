/**
 * The service of an application's page, to be copied: uploads with progress, live text, the transcript.
 * The page stands on the API's own origin; elsewhere give the client `baseUrl` (and the API the page's origin in `CORS_ORIGINS`).
 */

import { type AcceptedJob, type JobStatus, StenopoolClient, type TranscriptionResult } from '@stenopool/client';

const client = new StenopoolClient({
  apiKey: () => globalThis.localStorage?.getItem('stenopool_key'),
});

/** Hands in a recording. */
export function submitTranscription(file: File, onUploaded?: (share: number) => void): Promise<AcceptedJob> {
  return client.submitTranscription(file, {
    onUploadProgress: ({ loadedBytes, totalBytes }) => onUploaded?.(totalBytes === 0 ? 1 : loadedBytes / totalBytes),
  });
}

/** Where the job stands. */
export function getJobStatus(jobId: string): Promise<JobStatus> {
  return client.getJobStatus(jobId);
}

/** The transcript of a completed job. */
export function getResult(jobId: string): Promise<TranscriptionResult> {
  return client.getResult(jobId);
}

/** Waits for the transcript; `onStatus` hears of progress, `onText` of each sentence as it is recognised. */
export function pollJobStatus(
  jobId: string,
  onStatus?: (status: JobStatus) => void,
  onText?: (text: string) => void,
): Promise<TranscriptionResult> {
  return client.waitForResult(jobId, {
    onStatus,
    onEvent: (event) => {
      if (event.type === 'segment') onText?.(event.data.segment.text);
    },
  });
}
