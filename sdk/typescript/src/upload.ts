/**
 * Sends a form and tells how much of its recording is gone. One interface over two ways, because no browser's `fetch` tells:
 * `XMLHttpRequest` there, a counted stream elsewhere.
 * @module
 */

import type { Multipart } from './multipart.js';
import { sendByXhr } from './xhr.js';

/** How far an upload is. A repetition begins at 0 again. */
export interface UploadProgress {
  /** Bytes of the recording that were handed to the network. */
  loadedBytes: number;
  /** Bytes of the recording. */
  totalBytes: number;
}

/** Hears of an upload. */
export type OnUploadProgress = (progress: UploadProgress) => void;

/** What is sent where. */
export interface Upload {
  url: string;
  headers: Record<string, string>;
  form: Multipart;
  signal: AbortSignal;
  onProgress?: OnUploadProgress | undefined;
}

/** Sends `upload`; `fetchOf` is the caller's own `fetch`, which then is used whatever it can tell. */
export async function send(upload: Upload, fetchOf: typeof fetch | undefined): Promise<Response> {
  const { url, form, signal, onProgress } = upload;
  const headers = { ...upload.headers, 'Content-Type': form.contentType };
  if (!onProgress) return (fetchOf ?? fetch)(url, { method: 'POST', headers, body: form.body, signal });

  const tell = (sentBytes: number): void => {
    const loadedBytes = Math.min(form.fileBytes, Math.max(0, sentBytes - form.headBytes));
    try {
      onProgress({ loadedBytes, totalBytes: form.fileBytes });
    } catch (error) {
      // As any listener's: an uncaught error, which does not break the upload.
      queueMicrotask(() => {
        throw error;
      });
    }
  };
  tell(0);
  const isPage = typeof XMLHttpRequest !== 'undefined';
  if (isPage && !fetchOf) return sendByXhr({ url, headers, body: form.body, signal, onSent: tell });
  if (isPage) {
    const answer = await (fetchOf ?? fetch)(url, { method: 'POST', headers, body: form.body, signal });
    tell(form.body.size);
    return answer;
  }
  return (fetchOf ?? fetch)(url, {
    method: 'POST',
    // The length is known, so the body needs no chunks, which some proxies do not take.
    headers: { ...headers, 'Content-Length': String(form.body.size) },
    body: form.body.stream().pipeThrough(counted(tell)),
    signal,
    duplex: 'half',
  } as RequestInit);
}

function counted(tell: (sentBytes: number) => void): TransformStream<Uint8Array, Uint8Array> {
  let sentBytes = 0;
  return new TransformStream({
    transform(chunk, controller) {
      controller.enqueue(chunk);
      sentBytes += chunk.byteLength;
      tell(sentBytes);
    },
  });
}
