/**
 * Recordings on their way to the server: three at a time, the others wait.
 * @module
 */

import { AbortError, ApiError, type Retry, type StenopoolClient, type TranscriptionFields } from '@stenopool/client';
import { signal } from '@preact/signals';
import { type Trouble, troubleOf } from '../words/problems';

const AT_ONCE = 3;
/** Whoever closes the laptop for a while finds the upload going on. */
const TRIES = 40;

/** One file. `paused`: the server or the line wants it to wait, until a moment that is told. */
export interface Upload {
  id: number;
  file: File;
  state: 'waiting' | 'sending' | 'paused' | 'refused';
  share: number;
  /** Why it waits, or was refused. */
  trouble: Trouble | null;
  /** When a paused one goes on, in milliseconds since 1970. */
  until: number;
}

/** What happens to uploads, apart from their being shown. */
export interface Handlers {
  client: StenopoolClient;
  fields: () => TranscriptionFields;
  /** It became a job. */
  onAccepted: (jobId: string) => Promise<void>;
  /** Any error; true where somebody is being asked for a key, after which it is worth another try. */
  asksForKey: (error: unknown) => boolean;
}

export class Uploads {
  readonly list = signal<readonly Upload[]>([]);
  readonly #handlers: Handlers;
  readonly #running = new Map<number, AbortController>();
  readonly #fields = new Map<number, TranscriptionFields>();
  #last = 0;

  constructor(handlers: Handlers) {
    this.#handlers = handlers;
  }

  /** Takes files in, with the options of this moment. */
  add(files: readonly File[]): void {
    const fields = this.#handlers.fields();
    const added = files.map((file): Upload => {
      this.#last += 1;
      this.#fields.set(this.#last, fields);
      return { id: this.#last, file, state: 'waiting', share: 0, trouble: null, until: 0 };
    });
    this.list.value = [...this.list.peek(), ...added];
    this.#next();
  }

  /** Ends an upload, or takes a refused one off the list. */
  dismiss(id: number): void {
    this.#running.get(id)?.abort();
    this.#fields.delete(id);
    this.list.value = this.list.peek().filter((upload) => upload.id !== id);
    this.#next();
  }

  /** Another try for a refused one. */
  again(id: number): void {
    this.#change(id, { state: 'waiting', share: 0, trouble: null });
    this.#next();
  }

  /** Another try for those that were refused for want of a good key. */
  againWithKey(): void {
    for (const upload of this.list.peek()) {
      if (upload.state === 'refused' && upload.trouble?.code === 'unauthenticated') this.again(upload.id);
    }
  }

  /** Whether leaving the page would lose something. */
  get isBusy(): boolean {
    return this.list.peek().some((upload) => upload.state !== 'refused');
  }

  #next(): void {
    for (const upload of this.list.peek()) {
      if (this.#running.size >= AT_ONCE) return;
      if (upload.state === 'waiting') void this.#send(upload);
    }
  }

  async #send({ id, file }: Upload): Promise<void> {
    const ended = new AbortController();
    this.#running.set(id, ended);
    this.#change(id, { state: 'sending' });
    try {
      const { job_id } = await this.#handlers.client.submitTranscription(file, {
        ...this.#fields.get(id),
        signal: ended.signal,
        maxRetries: TRIES,
        onRetry: (retry) => this.#pause(id, retry),
        onUploadProgress: ({ loadedBytes, totalBytes }) =>
          this.#change(id, { state: 'sending', share: totalBytes > 0 ? loadedBytes / totalBytes : 0, trouble: null }),
      });
      this.#fields.delete(id);
      await this.#handlers.onAccepted(job_id);
      this.list.value = this.list.peek().filter((upload) => upload.id !== id);
    } catch (error) {
      if (!(error instanceof AbortError)) this.#refuse(id, error);
    } finally {
      this.#running.delete(id);
      this.#next();
    }
  }

  #pause(id: number, { error, delayMs }: Retry): void {
    this.#change(id, { state: 'paused', share: 0, trouble: troubleOf(error), until: Date.now() + delayMs });
  }

  #refuse(id: number, error: unknown): void {
    this.#handlers.asksForKey(error);
    const trouble = troubleOf(error);
    // A limit that time alone does not free goes on by nobody's doing.
    const hint = error instanceof ApiError && error.hint !== '' && trouble.hint === '' ? error.hint : trouble.hint;
    this.#change(id, { state: 'refused', share: 0, trouble: { ...trouble, hint } });
  }

  #change(id: number, news: Partial<Upload>): void {
    this.list.value = this.list.peek().map((upload) => (upload.id === id ? { ...upload, ...news } : upload));
  }
}
