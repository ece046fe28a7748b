/**
 * The body of a submission: one Blob, so that its length is known, it can be sent again, and the recording in it is read
 * only while it is sent.
 * @module
 */

import { randomId } from './randomId.js';
import type { Recording, TranscriptionFields } from './types.js';

/** A form with a file, ready to be sent. */
export interface Multipart {
  body: Blob;
  contentType: string;
  /** Bytes before the recording. */
  headBytes: number;
  /** Bytes of the recording. */
  fileBytes: number;
}

/** `multipart/form-data` (RFC 7578) with the fields first, so that a wrong one is refused before the recording is sent. */
export function multipart(recording: Recording, fields: TranscriptionFields, filename?: string): Multipart {
  const file = recording instanceof Blob ? recording : new Blob([recording as BlobPart]);
  const boundary = `stenopool-${randomId()}`;
  const parts = Object.entries(fields)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => `--${boundary}\r\n${disposition(name)}\r\n\r\n${shown(value)}\r\n`);
  const name = filename ?? (file instanceof File ? file.name : 'recording');
  const type = file.type || 'application/octet-stream';
  const head = new Blob([
    ...parts,
    `--${boundary}\r\n${disposition('file')}; filename="${escaped(name)}"\r\nContent-Type: ${type}\r\n\r\n`,
  ]);
  return {
    body: new Blob([head, file, `\r\n--${boundary}--\r\n`]),
    contentType: `multipart/form-data; boundary=${boundary}`,
    headBytes: head.size,
    fileBytes: file.size,
  };
}

function disposition(name: string): string {
  return `Content-Disposition: form-data; name="${escaped(name)}"`;
}

/** As forms of browsers have it (WHATWG HTML, 4.10.21.8). */
function escaped(name: string): string {
  return name.replace(/\r/g, '%0D').replace(/\n/g, '%0A').replace(/"/g, '%22');
}

function shown(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
