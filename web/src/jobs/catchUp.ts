/**
 * The text that a running job has so far. The stream of all jobs begins with what comes next; that of the job begins with its
 * first words, and is left once it has told them.
 * @module
 */

import type { StenopoolClient } from '@stenopool/client';
import { hearText } from './jobs';

/** What was recognised before is told at one go; a pause of this length means that the rest is still to be spoken. */
const PAUSE_MS = 1500;

/** `stays`: goes on listening, where there is no stream of all jobs. */
export async function catchUp(client: StenopoolClient, id: string, signal: AbortSignal, stays: boolean): Promise<void> {
  const left = new AbortController();
  const leave = (): void => left.abort();
  signal.addEventListener('abort', leave, { once: true });
  let timer = stays ? undefined : setTimeout(leave, 2 * PAUSE_MS);
  try {
    for await (const event of client.events(id, { signal: left.signal })) {
      if (event.type === 'segment' || event.type === 'span_restarted') hearText(id, event);
      if (stays) continue;
      clearTimeout(timer);
      timer = setTimeout(leave, PAUSE_MS);
    }
  } catch (error) {
    if (!left.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', leave);
  }
}
