/**
 * The page's own uploads, and the ways by which files come to it.
 * @module
 */

import { signal } from '@preact/signals';
import { announce } from '../announce';
import { adopt } from '../jobs/jobs';
import { go, jobAddress, route } from '../route';
import { asksForKey, client, visitor } from '../session';
import sample from '../../../samples/demo.mp3';
import { fieldsOf, options } from './options';
import { Uploads } from './uploads';

/** Whether somebody holds files over the page. */
export const isHeldOver = signal(false);

export const uploads = new Uploads({
  client,
  fields: () => fieldsOf(options.peek()),
  asksForKey,
  onAccepted: async (jobId) => {
    await adopt(jobId).catch(asksForKey);
    // Of several nobody knows which to look at.
    if (took === 1 && route.peek().name === 'home') go(jobAddress(jobId));
  },
});

let took = 0;

export function handIn(files: readonly File[]): void {
  if (files.length === 0) return;
  took = files.length;
  uploads.add(files);
  announce(files.length === 1 ? `Uploading ${files[0]!.name}` : `Uploading ${files.length} recordings`);
}

/** Hands in a short recording that comes with the page. */
export async function handInSample(): Promise<void> {
  const answer = await fetch(sample);
  handIn([new File([await answer.blob()], 'sample.mp3', { type: 'audio/mpeg' })]);
}

/** Files dropped anywhere on the page, or pasted; asks before leaving while something is on its way. */
export function watchForFiles(): void {
  const holdsFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;
  addEventListener('dragover', (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    isHeldOver.value = true;
  });
  addEventListener('dragleave', (event) => {
    // Only where it leaves the window.
    if (event.relatedTarget === null) isHeldOver.value = false;
  });
  addEventListener('drop', (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    isHeldOver.value = false;
    handIn([...(event.dataTransfer?.files ?? [])]);
  });
  addEventListener('paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    handIn(files);
  });
  addEventListener('beforeunload', (event) => {
    if (uploads.isBusy) event.preventDefault();
  });
  let before = visitor.peek();
  visitor.subscribe((now) => {
    if (now !== before) uploads.againWithKey();
    before = now;
  });
}
