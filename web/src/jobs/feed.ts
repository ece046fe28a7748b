/**
 * Keeps the jobs up to date: by events where they can be had, else by asking.
 * @module
 */

import { AuthenticationError, hasEnded, PermissionError, type TenantEvent } from '@stenopool/client';
import { effect, signal } from '@preact/signals';
import { asksForKey, client, visitor, visitorName } from '../session';
import { forgetAll, hasNoList, hear, jobs, load } from './jobs';
import { type Link, listenTogether, type Read } from './sharedStream';

const POLL_MS = 2000;
const IDLE_POLL_MS = 15_000;
const RETRY_MS = 5000;

/** How the page hears of its jobs; `asking`: there is no stream for this visitor. */
export const connection = signal<Link | 'asking'>('connecting');

/** Begins, and begins anew whenever somebody else is at the page or the browser comes back from being offline. */
export function keepUpToDate(): void {
  let running = new AbortController();
  let before = visitor.peek();
  const begin = (): void => {
    running.abort();
    running = new AbortController();
    void follow(running.signal);
  };
  effect(() => {
    if (visitor.value !== before) forgetAll();
    before = visitor.value;
    begin();
  });
  addEventListener('online', begin);
  addEventListener('offline', () => {
    if (connection.peek() !== 'asking') connection.value = 'cut';
  });
}

async function follow(signal: AbortSignal): Promise<void> {
  const name = `stenopool.events.${visitorName()}`;
  void load().catch(asksForKey);
  while (!signal.aborted) {
    try {
      await listenTogether(name, read, { onEvent: hear, onLink: turn }, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof PermissionError) return poll(signal);
      if (error instanceof AuthenticationError) {
        asksForKey(error);
        return;
      }
      connection.value = 'cut';
    }
    await pause(RETRY_MS, signal);
  }
}

const read: Read = async (tellEvent, tellLink, { signal, after }) => {
  const stream = client.allEvents({
    signal,
    lastEventId: after,
    maxRetries: Infinity,
    onOpen: () => tellLink('live'),
    onRetry: () => tellLink('cut'),
  });
  for await (const event of stream) tellEvent(event as TenantEvent);
};

function turn(link: Link): void {
  const wasLive = connection.peek() === 'live';
  connection.value = link;
  // Only now nothing falls between list and stream.
  if (link === 'live' && !wasLive) void load().catch(asksForKey);
}

async function poll(signal: AbortSignal): Promise<void> {
  hasNoList.value = true;
  connection.value = 'asking';
  while (!signal.aborted) {
    await load().catch(asksForKey);
    const isBusy = jobs.peek().some((job) => !hasEnded(job.status));
    await pause(isBusy && !document.hidden ? POLL_MS : IDLE_POLL_MS, signal);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });
}
