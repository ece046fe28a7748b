/**
 * Ids of what was handed in from this browser, for servers that have no list for their visitors.
 * @module
 */

const SLOT = 'stenopool.jobs';
const MOST = 200;

export function remembered(): string[] {
  try {
    const read: unknown = JSON.parse(localStorage.getItem(SLOT) ?? '[]');
    return Array.isArray(read) ? read.filter((id): id is string => typeof id === 'string') : [];
  } catch {
    return [];
  }
}

export function remember(id: string): void {
  write([id, ...remembered().filter((other) => other !== id)].slice(0, MOST));
}

export function forget(id: string): void {
  const ids = remembered();
  if (ids.includes(id)) write(ids.filter((other) => other !== id));
}

function write(ids: string[]): void {
  localStorage.setItem(SLOT, JSON.stringify(ids));
}
