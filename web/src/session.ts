/**
 * Who is at the page: the key, kept for this tab or for this device, and the client that sends it.
 * @module
 */

import { AuthenticationError, StenopoolClient } from '@stenopool/client';
import { computed, signal } from '@preact/signals';

const SLOT = 'stenopool.key';

const key = signal(read());

/** Whether a key is sent. */
export const hasKey = computed(() => key.value !== '');

/** Why a key is asked for just now; null while nobody asks. */
export const keyWanted = signal<string | null>(null);

/** Counts changes of the key: whoever shows somebody's jobs begins anew. */
export const visitor = signal(0);

/** The one client of the page. The key stands in a header of each request, never in an address. */
export const client = new StenopoolClient({
  apiKey: () => key.peek() || null,
  retry: { maxRetries: 6, maxRetryAfterMs: 600_000 },
});

/** Takes a key; `remember` keeps it on this device, else it ends with the tab. */
export function useKey(entered: string, remember: boolean): void {
  forget();
  (remember ? localStorage : sessionStorage).setItem(SLOT, entered);
  become(entered);
}

/** Forgets the key, here and in all other tabs that had it from this device. */
export function signOut(): void {
  forget();
  become('');
}

/** Tells visitors of one browser apart, without telling their keys (FNV-1a). */
export function visitorName(): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(key.peek())) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash.toString(16);
}

/** Asks for a key if that is what is wrong; whether it was. */
export function asksForKey(error: unknown): boolean {
  if (!(error instanceof AuthenticationError)) return false;
  keyWanted.value ??= hasKey.peek()
    ? 'This key is not good any more, or never was. Enter another one.'
    : 'This server wants a key. Its operator makes them.';
  return true;
}

function become(entered: string): void {
  key.value = entered;
  keyWanted.value = null;
  visitor.value += 1;
}

function forget(): void {
  sessionStorage.removeItem(SLOT);
  localStorage.removeItem(SLOT);
}

function read(): string {
  return sessionStorage.getItem(SLOT) ?? localStorage.getItem(SLOT) ?? '';
}

addEventListener('storage', (event) => {
  // Another tab signed out, or took a key for the device. A key of this tab alone stays.
  if (event.key !== SLOT || sessionStorage.getItem(SLOT) !== null) return;
  if ((event.newValue ?? '') !== key.peek()) become(event.newValue ?? '');
});
