/**
 * A POST by `XMLHttpRequest`, which alone tells a page how much of a body is gone.
 * @module
 */

/** What is sent where. */
export interface XhrPost {
  url: string;
  headers: Record<string, string>;
  body: Blob;
  signal: AbortSignal;
  onSent: (sentBytes: number) => void;
}

/** The answer as `fetch` would give it; rejects with a `TypeError` where there is none, as `fetch` does. */
export function sendByXhr({ url, headers, body, signal, onSent }: XhrPost): Promise<Response> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const onAbort = (): void => request.abort();
    request.open('POST', url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => onSent(event.loaded);
    request.onload = () => {
      onSent(body.size);
      resolve(answerOf(request));
    };
    request.onerror = () => reject(new TypeError('the upload broke'));
    request.onabort = () => reject(new DOMException('aborted', 'AbortError'));
    request.onloadend = () => signal.removeEventListener('abort', onAbort);
    if (signal.aborted) {
      reject(new DOMException('aborted', 'AbortError'));
      return;
    }
    signal.addEventListener('abort', onAbort, { once: true });
    request.send(body);
  });
}

/** Statuses with which a `Response` may have no body, not even an empty one. */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

function answerOf(request: XMLHttpRequest): Response {
  return new Response(WITHOUT_BODY.has(request.status) ? null : request.responseText, {
    status: request.status,
    statusText: request.statusText,
    headers: headersIn(request.getAllResponseHeaders()),
  });
}

function headersIn(lines: string): Headers {
  const headers = new Headers();
  for (const line of lines.trim().split(/[\r\n]+/)) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return headers;
}
