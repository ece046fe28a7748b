import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BrowserContext } from 'playwright-core';
import { closeBrowser, openContext, openPage } from './stage';

let context: BrowserContext;
beforeAll(async () => {
  context = await openContext();
});
afterAll(async () => {
  await context.close();
  await closeBrowser();
});

test('the page opens, is named, and asks nobody else', async () => {
  const { page, complaints } = await openPage(context);
  await page.getByRole('heading', { level: 1 }).waitFor();
  expect(await page.title()).toContain('Stenopool');
  expect(complaints.all).toEqual([]);
});
