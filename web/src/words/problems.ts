/**
 * What went wrong, in words for somebody who wants a transcript and not an API.
 * @module
 */

import { ApiError, type FailureReason, NetworkError, ProtocolError, TimeoutError } from '@stenopool/client';

export interface Trouble {
  /** One sentence. */
  what: string;
  /** What can be done about it; may be empty. */
  hint: string;
  /** Stable code for those who report it; empty where nobody answered. */
  code: string;
}

type Words = readonly [what: string, hint: string];

/** Codes that people meet, said plainly; all others speak for themselves. */
const PLAIN: Readonly<Record<string, Words>> = {
  not_audio: ['This is not a recording.', 'Sound and films are taken: mp3, wav, m4a, ogg, flac, mp4, mov, webm and others.'],
  empty_file: ['The file is empty.', 'Was it still being recorded or copied? Choose it again.'],
  upload_too_slow: ['The connection was too slow for this upload.', 'Try again from a better connection.'],
  unauthenticated: ['The key is missing or not good any more.', 'Enter a key.'],
  scope_missing: ['Your key does not allow this.', 'Ask whoever gave you the key.'],
  local_only: ['This server answers only people at its own machine.', 'Its operator has to make keys first.'],
  rate_limited: ['Too much at once.', 'It goes on by itself in a moment.'],
  queue_full: ['The line is full.', 'It goes on by itself when there is room.'],
  no_worker_for_model: ['Nobody is at work who could transcribe this.', 'The operator has to start a worker, or you choose another model.'],
  ledger_unavailable: ['The server cannot take anything in just now.', 'It goes on by itself when it is back.'],
  shutting_down: ['The server is being restarted.', 'It goes on by itself.'],
  disk_full: ['The server has no room left.', 'Tell its operator.'],
  quota_active_jobs: ['You have as many jobs in work as you may.', 'It goes on when one of them is done.'],
  quota_stored: ['Your recordings take as much room as they may.', 'Delete some of your jobs.'],
  unknown_job: ['There is no such job.', 'It may have been deleted, or it is somebody else’s.'],
  result_expired: ['The transcript is not kept any more.', 'Hand in the recording again.'],
  undecodable_media: ['The recording cannot be read.', 'It may be damaged or cut short. Does it play on your computer?'],
  no_audio: ['There is no sound in this file.', 'A film without a sound track, perhaps?'],
  infected: ['The virus scanner found something in this file.', 'It was removed and not opened.'],
  worker_lost: ['The computer that worked on it was lost several times.', 'Try again. If it goes wrong again, the recording itself may be the reason.'],
  engine_failed: ['The recogniser failed on this recording.', 'Try again, perhaps with other options.'],
  engine_timeout: ['The recogniser took far too long.', 'Try again, perhaps with other options.'],
  out_of_memory: ['The recogniser ran out of memory.', 'Try a smaller model, or tell the operator.'],
  input_missing: ['The recording is not on the server any more.', 'Hand it in again.'],
};

export function troubleOf(error: unknown): Trouble {
  if (error instanceof ApiError) return plain(error.code, error.message, error.hint);
  if (error instanceof NetworkError || error instanceof TimeoutError) {
    return { what: 'The server does not answer.', hint: 'Are you connected? It goes on when the connection is back.', code: '' };
  }
  if (error instanceof ProtocolError) {
    return { what: 'Something between here and the server answers in its place.', hint: error.message, code: '' };
  }
  return { what: 'Something went wrong in this page.', hint: error instanceof Error ? error.message : String(error), code: '' };
}

/** Whether the same file would be refused again. */
export function isOfTheFile({ code }: Trouble): boolean {
  return ['not_audio', 'empty_file', 'file_too_large'].includes(code);
}

/** Why a job failed. */
export function troubleWith(reason: FailureReason): Trouble {
  return plain(reason.code, reason.message, reason.hint);
}

function plain(code: string, message: string, hint: string): Trouble {
  const words = PLAIN[code];
  return words ? { what: words[0], hint: words[1], code } : { what: sentence(message), hint: sentence(hint), code };
}

function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === '') return '';
  const begun = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`;
}
