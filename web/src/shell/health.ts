/**
 * How the platform is, in one word for the header.
 * @module
 */

import type { Health } from '@stenopool/client';
import { computed, signal } from '@preact/signals';
import { connection } from '../jobs/feed';
import { client } from '../session';

const EVERY_MS = 30_000;

const health = signal<Health | null>(null);

/** `kind` is how bad it is; null while there is nothing to say. */
export const state = computed<{ kind: 'good' | 'warn' | 'danger'; word: string; more: string } | null>(() => {
  if (connection.value === 'cut') {
    return { kind: 'danger', word: 'No connection', more: 'The server does not answer. The page goes on by itself when it is back.' };
  }
  const told = health.value;
  if (told === null) return null;
  if (told.status === 'unhealthy') {
    const isUnmanned = told.workers['recognise'] === 0;
    return isUnmanned
      ? { kind: 'warn', word: 'Nobody at work', more: 'Recordings are taken in and wait until a worker is started.' }
      : { kind: 'danger', word: 'Out of order', more: 'The server says that it is not well. Its operator can see why.' };
  }
  const model = `${told.model} (${told.engine})`;
  if (told.status === 'degraded') return { kind: 'warn', word: 'Works, with a drawback', more: `${drawbacks(told)}. Model: ${model}.` };
  return { kind: 'good', word: 'Ready', more: `Model: ${model}.` };
});

function drawbacks({ checks }: Health): string {
  return Object.entries(checks)
    .filter(([, { status }]) => status !== 'healthy')
    .map(([part, { detail }]) => `${part}: ${detail}`)
    .join('; ');
}

/** Looks now and then while somebody sees the page. */
export function watchHealth(): void {
  const look = async (): Promise<void> => {
    if (document.hidden) return;
    // Visitors who may not see it see nothing.
    health.value = await client.getHealth({ maxRetries: 0 }).catch(() => null);
  };
  void look();
  setInterval(() => void look(), EVERY_MS);
  document.addEventListener('visibilitychange', () => void look());
}
