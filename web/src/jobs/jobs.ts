/**
 * The jobs that the page knows, and what is told of them.
 * @module
 */

import { hasEnded, type JobStatus, NotFoundError, PermissionError, type TenantEvent } from '@stenopool/client';
import { computed, signal } from '@preact/signals';
import { announce } from '../announce';
import { asksForKey, client } from '../session';
import { stateLine } from '../words/states';
import { type LiveText, NO_TEXT, withRestart, withSegment } from './liveText';
import * as own from './ownJobs';

const PAGE = 50;

const known = signal<ReadonlyMap<string, JobStatus>>(new Map());

/** Text of running jobs, by job. */
export const liveTexts = signal<ReadonlyMap<string, LiveText>>(new Map());

/** Whether the first list has come. */
export const isListed = signal(false);

/** Where the next page of older jobs begins; null when all are here. */
export const older = signal<string | null>(null);

/** Whether the server has no list for this visitor: the page then asks for each job that it handed in itself. */
export const hasNoList = signal(false);

/** All of them, newest first. */
export const jobs = computed(() =>
  [...known.value.values()].sort((one, other) => (one.created_at < other.created_at ? 1 : -1)),
);

export function jobOf(id: string): JobStatus | undefined {
  return known.value.get(id);
}

/** Reads the newest page of the list, and what is open beyond it. Throws what the client throws. */
export async function load(): Promise<void> {
  if (hasNoList.peek()) return loadOwn();
  try {
    const turn = nextTurn();
    const page = await client.listJobs({ limit: PAGE });
    const open = [...known.peek().values()].filter((job) => !hasEnded(job.status));
    const listed = new Set(page.data.map((job) => job.job_id));
    if (!isListed.peek()) older.value = page.next;
    const oldest = page.data.at(-1)?.created_at ?? '';
    // Deleted while nobody listened: on this page they would be.
    const left = [...known.peek().values()].filter((job) => listed.has(job.job_id) || (page.has_more && job.created_at < oldest));
    known.value = byId(left);
    for (const job of page.data) put(job, turn);
    isListed.value = true;
    await Promise.all(open.filter((job) => !listed.has(job.job_id)).map((job) => refresh(job.job_id)));
  } catch (error) {
    if (!(error instanceof PermissionError) || error.code !== 'no_job_list') throw error;
    hasNoList.value = true;
    await loadOwn();
  }
}

/** One more page of older jobs. */
export async function loadOlder(): Promise<void> {
  const after = older.peek();
  if (after === null) return;
  const turn = nextTurn();
  const page = await client.listJobs({ limit: PAGE, after });
  for (const job of page.data) put(job, turn);
  older.value = page.next;
}

/** Asks where a job stands; one that is gone leaves the list. Its status, or undefined where it is gone. */
export async function refresh(id: string): Promise<JobStatus | undefined> {
  const turn = nextTurn();
  try {
    const status = await client.getJobStatus(id);
    put(status, turn);
    return status;
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    drop(id);
    return undefined;
  }
}

/** What the page itself handed in. */
export async function adopt(id: string): Promise<void> {
  own.remember(id);
  await refresh(id);
}

/** Takes in what is told of all jobs. */
export function hear(event: TenantEvent): void {
  switch (event.type) {
    case 'reload':
      void load().catch(asksForKey);
      return;
    case 'deleted':
      drop(event.data.job_id);
      return;
    case 'progress': {
      const { job_ids, ...news } = event.data;
      for (const id of job_ids) change(id, (job) => (hasEnded(job.status) ? job : { ...job, ...news, status: 'processing' }));
      return;
    }
    case 'segment':
    case 'span_restarted':
      for (const id of event.data.job_ids) hearText(id, event);
      return;
    default:
      // It tells the state alone; place, times and reasons stand in the status.
      void refresh(event.data.job_id).catch(asksForKey);
  }
}

/** Takes in text of one job, wherever it came from. */
export function hearText(
  id: string,
  news: { type: 'segment'; data: Parameters<typeof withSegment>[1] } | { type: 'span_restarted'; data: Parameters<typeof withRestart>[1] },
): void {
  const before = liveTexts.peek().get(id) ?? NO_TEXT;
  const after = news.type === 'segment' ? withSegment(before, news.data) : withRestart(before, news.data);
  if (after !== before) liveTexts.value = new Map(liveTexts.peek()).set(id, after);
}

function put(status: JobStatus, turn: number): void {
  // Answers may overtake one another.
  if (turn < (turns.get(status.job_id) ?? 0)) return;
  turns.set(status.job_id, turn);
  const before = known.peek().get(status.job_id);
  known.value = new Map(known.peek()).set(status.job_id, status);
  if (!hasEnded(status.status)) return;
  liveTexts.value = without(liveTexts.peek(), status.job_id);
  if (before && before.status !== status.status) announce(`${status.filename}: ${stateLine(status)}`);
}

/** Cancels what is open, deletes what has ended. */
export async function remove(job: JobStatus): Promise<void> {
  if (hasEnded(job.status)) {
    await client.deleteJob(job.job_id);
    drop(job.job_id);
    announce(`${job.filename} was deleted`);
  } else {
    await client.cancelJob(job.job_id);
    await refresh(job.job_id);
  }
}

/** Gives a job another try. */
export async function retry(job: JobStatus): Promise<void> {
  await client.retryJob(job.job_id);
  await refresh(job.job_id);
}

/** Forgets everything: somebody else is at the page now. */
export function forgetAll(): void {
  known.value = new Map();
  liveTexts.value = new Map();
  isListed.value = false;
  older.value = null;
  hasNoList.value = false;
}

/** Which question about a job the newest answer belongs to. */
const turns = new Map<string, number>();
let lastTurn = 0;

function nextTurn(): number {
  lastTurn += 1;
  return lastTurn;
}

async function loadOwn(): Promise<void> {
  await Promise.all(own.remembered().map(refresh));
  isListed.value = true;
}

function change(id: string, how: (job: JobStatus) => JobStatus): void {
  const job = known.peek().get(id);
  if (job) known.value = new Map(known.peek()).set(id, how(job));
}

function drop(id: string): void {
  own.forget(id);
  known.value = without(known.peek(), id);
  liveTexts.value = without(liveTexts.peek(), id);
}

function byId(list: readonly JobStatus[]): Map<string, JobStatus> {
  return new Map(list.map((job) => [job.job_id, job]));
}

function without<T>(map: ReadonlyMap<string, T>, id: string): ReadonlyMap<string, T> {
  if (!map.has(id)) return map;
  const left = new Map(map);
  left.delete(id);
  return left;
}
