import { execFileSync } from 'node:child_process';
import { afterAll, expect, test } from 'vitest';
import { recording } from './recordings';
import { closeBrowser, openContext, openPage, submit } from './stage';

afterAll(closeBrowser);

/** An operator's command. */
function keys(...words: string[]): string {
  return execFileSync(process.env['STENOPOOL_PYTHON'] ?? 'python3', ['-m', 'stenopool.cli', 'keys', ...words], { encoding: 'utf8', cwd: '..' });
}

test('a key is asked for, is kept, and asked for again when it has ended; nothing is lost by that', async () => {
  const key = /sk_\S+/.exec(keys('create', '--tenant', 'page'))![0];
  const id = /\b[0-9a-f]{12}\b/.exec(keys('list'))![0];
  const context = await openContext();
  const { page, complaints } = await openPage(context);
  const dialog = page.getByRole('dialog');
  await dialog.getByText('This server wants a key.').waitFor();
  await dialog.getByLabel('Key', { exact: true }).fill('sk_wrong');
  await dialog.getByRole('button', { name: 'Use this key' }).click();
  await dialog.getByText('This key is not good any more').waitFor();
  await dialog.getByLabel('Key', { exact: true }).fill(key);
  await dialog.getByRole('button', { name: 'Use this key' }).click();
  await dialog.waitFor({ state: 'hidden' });

  await submit(recording(3, 700), 'with a key.wav', key);
  await page.getByRole('link', { name: /with a key.wav/ }).getByText('Done').waitFor();
  expect(await page.evaluate(() => document.documentElement.outerHTML)).not.toContain(key);
  expect(await page.evaluate(() => localStorage.getItem('stenopool.key'))).toBeNull();

  const second = /sk_\S+/.exec(keys('create', '--tenant', 'page'))![0];
  keys('revoke', id);
  await expect.poll(() => page.evaluate((bearer) => fetch('jobs', { headers: { Authorization: bearer } }).then(({ status }) => status), `Bearer ${key}`), { timeout: 20_000 }).toBe(401);
  await page.getByLabel('Choose recordings').setInputFiles({ name: 'too late.wav', mimeType: 'audio/wav', buffer: recording(3, 701) });
  await dialog.getByText('This key is not good any more').waitFor();
  await dialog.getByLabel('Key', { exact: true }).fill(second);
  await dialog.getByRole('button', { name: 'Use this key' }).click();
  await page.getByRole('link', { name: /too late.wav/ }).getByText('Done').waitFor();
  expect(complaints.all).toEqual([]);
  await context.close();
});
