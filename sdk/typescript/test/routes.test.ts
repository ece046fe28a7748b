/** The client has a method for everything that the API offers, or says here why not. */

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { StenopoolClient } from '@stenopool/client';
import { JOB, json, Stub } from './stub.js';

interface Operation {
  operationId: string;
}

type Call = (client: StenopoolClient) => Promise<unknown>;

const DOCUMENT = JSON.parse(readFileSync(new URL('../../../docs/openapi.json', import.meta.url), 'utf-8')) as {
  paths: Record<string, Record<string, Operation>>;
};

const OPERATIONS = Object.entries(DOCUMENT.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { operationId }]) => ({ operationId, line: `${method.toUpperCase()} ${path}` })),
);

const firstOf = (events: AsyncIterable<unknown>): Promise<unknown> => events[Symbol.asyncIterator]().next();

const COVERED: Record<string, Call> = {
  submit_transcription: (client) => client.submitTranscription(new Blob(['x'])),
  follow_jobs: (client) => firstOf(client.allEvents()),
  list_jobs: (client) => client.listJobs(),
  get_job_status: (client) => client.getJobStatus(JOB),
  get_result: (client) => client.getResult(JOB),
  retry_job: (client) => client.retryJob(JOB),
  delete_job: (client) => client.deleteJob(JOB),
  follow_job: (client) => firstOf(client.events(JOB)),
  get_media: (client) => client.getMedia(JOB),
  make_media_link: (client) => client.createMediaLink(JOB),
  get_peaks: (client) => client.getPeaks(JOB),
  get_webhook_log: (client) => client.getWebhookLog(JOB),
  get_usage: (client) => client.getUsage(),
  openai_list_models: (client) => client.listModels(),
  get_health: (client) => client.getHealth(),
};

const LEFT_OUT: Record<string, string> = {
  head_result: 'the status says whether there is a result',
  head_media: 'getMedia with a range tells type and size',
  head_peaks: 'getPeaks tells as much',
  play_media: 'for src of an audio element: createMediaLink gives its address',
  head_linked_media: 'as play_media',
  openai_create_transcription: "OpenAI's own client speaks it",
  openai_create_translation: "OpenAI's own client speaks it",
  openai_get_model: 'listModels tells as much',
  probe_liveness: 'for orchestrators',
  probe_readiness: 'for orchestrators',
  get_statistics: 'for insiders on the machine itself',
};

let api: Stub;
beforeAll(async () => {
  api = await Stub.start();
});
afterAll(() => api.stop());

test('every operation of the document is covered or left out, none is both or unknown', () => {
  const known = [...Object.keys(COVERED), ...Object.keys(LEFT_OUT)].sort();
  expect(known).toEqual(OPERATIONS.map(({ operationId }) => operationId).sort());
});

describe('a method asks for what the document describes', () => {
  test.each(Object.entries(COVERED))('%s', async (operationId, call) => {
    api.tell((response, asked) => {
      if (asked.url.endsWith('/events')) response.writeHead(204).end();
      else json({})(response, asked);
    });
    await call(api.client());
    const described = OPERATIONS.find((operation) => operation.operationId === operationId);
    expect(api.lines).toEqual([described?.line.replace('{job_id}', JOB)]);
  });
});
