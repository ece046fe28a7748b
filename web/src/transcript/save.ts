/**
 * Files and clipboard.
 * @module
 */

import type { StenopoolClient, TextFormat } from '@stenopool/client';

/** What a transcript can be saved as, by the ends of the files' names. */
export const FORMATS = ['txt', 'srt', 'vtt', 'tsv', 'json'] as const;

export type FileFormat = (typeof FORMATS)[number];

const WIRE: Readonly<Record<Exclude<FileFormat, 'json'>, TextFormat>> = { txt: 'text', srt: 'srt', vtt: 'vtt', tsv: 'tsv' };

/** `talk.mp3` becomes `talk.srt`, as the `whisper` command names it. */
export function nameOf(recording: string, format: FileFormat): string {
  const stem = recording.replace(/\.[^./\\]*$/, '');
  return `${stem === '' ? 'transcript' : stem}.${format}`;
}

/** Asks the server for the transcript, with the key, and gives it to the browser as a file. */
export async function save(client: StenopoolClient, jobId: string, recording: string, format: FileFormat): Promise<void> {
  const text =
    format === 'json'
      ? `${JSON.stringify(await client.getResult(jobId), null, 2)}\n`
      : await client.getResult(jobId, { format: WIRE[format] });
  const address = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = nameOf(recording, format);
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** Puts `text` onto the clipboard; without TLS and away from this machine browsers know the old way alone. */
export async function copy(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.createElement('textarea');
  field.value = text;
  field.className = 'unseen';
  document.body.append(field);
  field.select();
  document.execCommand('copy');
  field.remove();
}
