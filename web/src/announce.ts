/**
 * What is said to those who do not see the page; shell/Announcer.tsx is the voice.
 * @module
 */

import { signal } from '@preact/signals';

export const said = signal('');

/** Says `text` when there is a pause. The same words twice are said twice. */
export function announce(text: string): void {
  said.value = said.peek() === text ? `${text}\u00a0` : text;
}
