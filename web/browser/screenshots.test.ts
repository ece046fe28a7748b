import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { closeBrowser, openContext, openPage, SAMPLES, submit, waitForJob } from './stage';

/** Where the pictures of the documents go; `make screenshots` sets it. */
const IMAGES = process.env['STENOPOOL_IMAGES'] ?? '';

afterAll(closeBrowser);

test('the pictures of the documents', async () => {
  const context = await openContext({ viewport: { width: 1280, height: 760 }, deviceScaleFactor: 1.5, locale: 'en-GB' });
  for (const [file, name] of [
    ['french.flac', 'Entretien avec Mme Perrin.flac'],
    ['flite-slt.flac', 'voice memo 14.flac'],
    ['long.ogg', 'Board meeting, November.ogg'],
    ['demo.mp3', 'Interview with Alice.mp3'],
  ] as const) {
    await waitForJob(await submit(await readFile(join(SAMPLES, file)), name, '', { word_timestamps: 'true' }), 'end');
  }
  const { page, complaints } = await openPage(context);
  await page.getByRole('link', { name: /Interview with Alice/ }).click();
  const transcript = page.getByRole('region', { name: 'Transcript' });
  await transcript.locator('.word').nth(16).click();
  await page.waitForFunction(() => (document.querySelector('audio')?.currentTime ?? 0) > 5.2);
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.mouse.move(0, 0);
  await page.screenshot({ path: join(IMAGES, 'page-transcript.png') });
  await page.goto('/#/');
  await page.getByText('Drop recordings anywhere').waitFor();
  await page.screenshot({ path: join(IMAGES, 'page-jobs.png') });
  expect(complaints.all).toEqual([]);
  await context.close();
});
