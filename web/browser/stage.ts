import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core';

/** The API under test. */
export const ADDRESS = needed('STENOPOOL_URL');

/** Recordings of the project, and others that tests make. */
export const SAMPLES = needed('STENOPOOL_SAMPLES');

let browser: Browser | undefined;

/** The machine's Chromium, started with the first context. */
export async function openContext(options: BrowserContextOptions = {}): Promise<BrowserContext> {
  browser ??= await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    // Tests may run as root, where Chromium's own sandbox refuses to begin.
    args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required'],
  });
  return browser.newContext({ baseURL: ADDRESS, acceptDownloads: true, ...options });
}

export async function closeBrowser(): Promise<void> {
  await browser?.close();
  browser = undefined;
}

/** What a page complains about: errors of scripts, refusals of its policy, requests to anybody else. */
export class Complaints {
  readonly #lines: string[] = [];

  constructor(page: Page) {
    page.on('pageerror', (error) => this.#lines.push(`error: ${error.message}`));
    page.on('console', (message) => {
      const isRefusal = message.text().includes('Content Security Policy');
      // Chromium tells each answer of 400 and more as an error; the page handles those.
      const isAnswer = message.text().startsWith('Failed to load resource');
      if (isRefusal || (message.type() === 'error' && !isAnswer)) this.#lines.push(`console: ${message.text()}`);
    });
    page.on('request', (request) => {
      const { protocol, origin } = new URL(request.url());
      if (!['blob:', 'data:'].includes(protocol) && origin !== new URL(ADDRESS).origin) {
        this.#lines.push(`asks elsewhere: ${request.url()}`);
      }
    });
  }

  get all(): readonly string[] {
    return this.#lines;
  }
}

/** Opens the page and listens to it. */
export async function openPage(context: BrowserContext, path = '/'): Promise<{ page: Page; complaints: Complaints }> {
  const page = await context.newPage();
  const complaints = new Complaints(page);
  await page.goto(path);
  return { page, complaints };
}

function needed(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set: tests/browser/test_page.py sets it`);
  return value;
}

/** Hands a recording in beside the page, as another program does; the job's id. */
export async function submit(bytes: Buffer, name: string, key = '', fields: Record<string, string> = { vad_filter: 'false' }): Promise<string> {
  const form = new FormData();
  form.append('file', new File([new Uint8Array(bytes)], name));
  for (const [field, value] of Object.entries(fields)) form.append(field, value);
  const headers = key === '' ? {} : { Authorization: `Bearer ${key}` };
  const answer = await fetch(`${ADDRESS}/transcribe`, { method: 'POST', body: form, headers });
  if (answer.status !== 202) throw new Error(await answer.text());
  return ((await answer.json()) as { job_id: string }).job_id;
}

/** Waits for a job's end, or cancels it. */
export async function waitForJob(id: string, how: 'end' | 'cancel'): Promise<void> {
  if (how === 'cancel') {
    await fetch(`${ADDRESS}/job/${id}?only=active`, { method: 'DELETE' });
    return;
  }
  const answer = await fetch(`${ADDRESS}/status/${id}`, { headers: { Prefer: 'wait=30' } });
  const { status } = (await answer.json()) as { status: string };
  if (status !== 'completed') throw new Error(`${id} is ${status}`);
}
