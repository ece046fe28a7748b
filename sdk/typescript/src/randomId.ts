/**
 * Ids that nobody else makes.
 * @module
 */

/** 32 random hex digits. Not `crypto.randomUUID`, which a page has only under https or on localhost. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
