/**
 * Where one is on the page: the part of the address behind `#`, so that any server can serve it.
 * @module
 */

import { signal } from '@preact/signals';

export type Route = { name: 'home' } | { name: 'job'; id: string };

export const HOME = '#/';

export const route = signal<Route>(routeOf(location.hash));

addEventListener('hashchange', () => {
  route.value = routeOf(location.hash);
});

export function jobAddress(id: string): string {
  return `#/jobs/${encodeURIComponent(id)}`;
}

export function go(address: string): void {
  location.hash = address;
}

export function routeOf(hash: string): Route {
  const id = /^#\/jobs\/([^/]+)$/.exec(hash)?.[1];
  if (id === undefined) return { name: 'home' };
  try {
    return { name: 'job', id: decodeURIComponent(id) };
  } catch {
    return { name: 'home' };
  }
}
