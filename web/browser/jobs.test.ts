import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { audit } from './audit';
import { recording, text } from './recordings';
import { closeBrowser, openContext, openPage, SAMPLES, submit, waitForJob } from './stage';

const ENDED_MS = 40_000;

let context: BrowserContext;
beforeEach(async () => {
  context = await openContext();
});
afterEach(() => context.close());
afterAll(closeBrowser);

/** Drops files onto the page, as a hand does. */
async function drop(page: Page, ...files: { name: string; mimeType: string; buffer: Buffer }[]): Promise<void> {
  const held = await page.evaluateHandle((all) => {
    const transfer = new DataTransfer();
    for (const { name, mimeType, bytes } of all) {
      transfer.items.add(new File([Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0))], name, { type: mimeType }));
    }
    return transfer;
  }, files.map(({ name, mimeType, buffer }) => ({ name, mimeType, bytes: buffer.toString('base64') })));
  for (const type of ['dragenter', 'dragover', 'drop']) await page.dispatchEvent('body', type, { dataTransfer: held });
}

const row = (page: Page, name: string) => page.getByRole('navigation', { name: 'Jobs' }).getByRole('listitem').filter({ hasText: name });

describe('the page', () => {
  test('takes a dropped recording to live text, to a transcript that seeks, to subtitles on the disk', async () => {
    const { page, complaints } = await openPage(context);
    const buffer = await readFile(join(SAMPLES, 'long.ogg'));
    await drop(page, { name: 'my talk.ogg', mimeType: 'audio/ogg', buffer });
    await page.getByRole('heading', { name: 'my talk.ogg' }).waitFor();
    await page.getByTestId('live-text').locator('span').nth(3).waitFor();
    expect(await page.getByRole('region', { name: 'Transcript' }).count()).toBe(0);

    const transcript = page.getByRole('region', { name: 'Transcript' });
    await transcript.waitFor({ timeout: ENDED_MS });
    const word = transcript.locator('.word').nth(60);
    const start = Number(await word.getAttribute('data-start'));
    expect(start).toBeGreaterThan(10);
    await word.click();
    await transcript.locator('.word.said').waitFor();
    const at = await page.locator('audio').evaluate((audio: HTMLAudioElement) => audio.currentTime);
    expect(at).toBeGreaterThanOrEqual(start);
    expect(at).toBeLessThan(start + 20);
    await page.getByRole('button', { name: 'Pause' }).click();

    const [saved] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download srt' }).click()]);
    expect(saved.suggestedFilename()).toBe('my talk.srt');
    const subtitles = await readFile(await saved.path(), 'utf8');
    expect(subtitles).toMatch(/^1\n00:00:00,\d{3} --> 00:00:\d\d,\d{3}\n\S/);
    const plain = (await transcript.locator('.text p').allTextContents()).join(' ').replace(/\s+/g, ' ').trim();
    const said = subtitles.split('\n').filter((line) => line !== '' && !/^\d+$|-->/.test(line)).join(' ');
    expect(said.replace(/\s+/g, ' ').trim()).toBe(plain);

    await page.getByLabel('Find in text').fill('quarry');
    await page.getByText(/^1 of \d+$/).waitFor();
    expect(complaints.all).toEqual([]);
    expect(await audit(page)).toEqual([]);
  });

  test('is as it was after a reload in the middle', async () => {
    const { page } = await openPage(context);
    const id = await submit(recording(60, 11), 'reloaded.wav');
    await page.goto(`/#/jobs/${id}`);
    await page.getByTestId('live-text').locator('span').nth(2).waitFor();
    const before = await page.getByTestId('live-text').locator('span').first().textContent();
    await page.reload();
    await page.getByTestId('live-text').locator('span').nth(2).waitFor();
    // What was said before the page listened is there, too.
    expect(await page.getByTestId('live-text').locator('span').first().textContent()).toBe(before);
    await row(page, 'reloaded.wav').getByText('Done').waitFor({ timeout: ENDED_MS });
  });

  test('in two tabs asks the server for one stream', async () => {
    let streams = 0;
    context.on('request', (request) => {
      if (new URL(request.url()).pathname === '/jobs/events') streams += 1;
    });
    const one = (await openPage(context)).page;
    await one.getByText(/Works, with a drawback|Ready/).waitFor();
    const other = (await openPage(context)).page;
    await other.getByText(/Works, with a drawback|Ready/).waitFor();
    await submit(recording(120, 12), 'for both.wav');
    await Promise.all([one, other].map((page) => row(page, 'for both.wav').getByText(/Transcribing, \d+ %/).waitFor()));
    expect(streams).toBe(1);
    // The one that read it is closed: the other reads on.
    await one.close();
    await row(other, 'for both.wav').getByText('Done').waitFor({ timeout: ENDED_MS });
    await submit(recording(5, 13), 'after all.wav');
    await row(other, 'after all.wav').getByText('Done').waitFor({ timeout: ENDED_MS });
    expect(streams).toBe(2);
  });

  test('takes one more with thirty in work, and cancels', async () => {
    const ids = [];
    for (let number = 0; number < 30; number += 1) ids.push(await submit(recording(40, 100 + number), `thirty ${number}.wav`));
    const { page } = await openPage(context);
    await page.getByText(/in work/).waitFor();
    await page.getByLabel('Choose recordings').setInputFiles({ name: 'one more.wav', mimeType: 'audio/wav', buffer: recording(40, 200) });
    await page.getByRole('heading', { name: 'one more.wav' }).waitFor();
    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    await page.getByText('It was cancelled').waitFor();
    await row(page, 'one more.wav').getByText('Cancelled').waitFor();
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await page.getByRole('group', { name: 'For good?' }).getByRole('button', { name: 'Delete' }).click();
    await row(page, 'one more.wav').waitFor({ state: 'detached' });
    // In their rows, too.
    const last = row(page, 'thirty 29.wav');
    await last.getByRole('button', { name: 'Cancel thirty 29.wav' }).click();
    await last.getByText('Cancelled').waitFor();
    await last.getByRole('button', { name: 'Try thirty 29.wav again' }).click();
    await last.getByRole('button', { name: 'Cancel thirty 29.wav' }).click();
    await last.getByRole('button', { name: 'Delete thirty 29.wav' }).click();
    await last.getByRole('group', { name: 'For good?' }).getByRole('button', { name: 'Delete' }).click();
    await last.waitFor({ state: 'detached' });
    // By others, too, and the list hears of it.
    await Promise.all(ids.map((id) => waitForJob(id, 'cancel')));
    await page.getByText(/in work/).waitFor({ state: 'detached' });
  });

  test('says what is wrong with a file, and takes the next', async () => {
    const { page, complaints } = await openPage(context);
    // What is no markup to anybody who reads it.
    const good = 'good <img src=x onerror=x()>.wav';
    await page.getByLabel('Choose recordings').setInputFiles([
      { name: 'notes.txt', mimeType: 'text/plain', buffer: text },
      { name: good, mimeType: 'audio/wav', buffer: recording(3, 300) },
    ]);
    await page.getByRole('alert').getByText('This is not a recording.').waitFor();
    await row(page, good).getByText('Done').waitFor({ timeout: ENDED_MS });
    await page.getByRole('button', { name: 'Dismiss notes.txt' }).click();
    await page.getByRole('alert').waitFor({ state: 'detached' });
    expect(complaints.all).toEqual([]);
  });

  test('goes on by itself after being offline', async () => {
    const { page } = await openPage(context);
    await page.getByText(/Works, with a drawback|Ready/).waitFor();
    await context.setOffline(true);
    await page.getByText('No connection').waitFor();
    await page.getByLabel('Choose recordings').setInputFiles({ name: 'from the train.wav', mimeType: 'audio/wav', buffer: recording(3, 400) });
    await page.getByText('The server does not answer.').first().waitFor();
    await submit(recording(3, 401), 'meanwhile.wav');
    await context.setOffline(false);
    await page.getByText('No connection').waitFor({ state: 'detached' });
    await row(page, 'meanwhile.wav').getByText('Done').waitFor({ timeout: ENDED_MS });
    await row(page, 'from the train.wav').getByText('Done').waitFor({ timeout: ENDED_MS });
  });
});

describe.each([
  ['dark and narrow', { colorScheme: 'dark', viewport: { width: 360, height: 740 } }],
  ['light and wide', { colorScheme: 'light', viewport: { width: 1280, height: 800 } }],
] as const)('%s', (looked, looks) => {
  test('everything fits, can be read, and can be reached', async () => {
    await context.close();
    context = await openContext(looks);
    await waitForJob(await submit(recording(20, 500), `${looked} ${'a very long name '.repeat(8)}.wav`), 'end');
    await waitForJob(await submit(recording(20, 501), `${looked} تسجيل طويل جدا.wav`), 'end');
    const { page, complaints } = await openPage(context);
    await row(page, `${looked} تسجيل`).waitFor();
    const overflows = (): Promise<boolean> => page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    await page.getByText('Options', { exact: true }).click();
    expect(await overflows()).toBe(false);
    await row(page, `${looked} a very long name`).getByRole('link').click();
    await page.getByRole('region', { name: 'Transcript' }).waitFor();
    await page.getByText('The same request as code').click();
    await page.getByRole('tab', { name: 'Python' }).click();
    expect(await overflows()).toBe(false);
    // Before the audit, which sets styles of its own.
    expect(complaints.all).toEqual([]);
    expect(await audit(page)).toEqual([]);
    await page.goto('/#/');
    await page.getByText('Options', { exact: true }).waitFor();
    expect(await audit(page)).toEqual([]);
  });
});
