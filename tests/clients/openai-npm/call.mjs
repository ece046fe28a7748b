// Makes one call with the official client and prints as JSON what came back: {"value": …} or {"error": …}.
// node call.mjs <address> <recording> <name of the call> [tries]

import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import OpenAI, { toFile } from 'openai';

const [address, recording, name, tries = '1'] = process.argv.slice(2);
const client = new OpenAI({ apiKey: 'none', baseURL: `${address}/v1`, maxRetries: Number(tries) - 1, timeout: 30_000 });

// In memory: a call whose file is a stream is never tried again by the client.
const file = await toFile(readFile(recording), 'talk.wav');

const transcribe = (fields) => client.audio.transcriptions.create({ file, model: 'whisper-1', ...fields });

const calls = {
  json: () => transcribe({}),
  'from a stream': () => transcribe({ file: createReadStream(recording) }),
  text: () => transcribe({ response_format: 'text' }),
  srt: () => transcribe({ response_format: 'srt' }),
  vtt: () => transcribe({ response_format: 'vtt' }),
  words: () => transcribe({ response_format: 'verbose_json', timestamp_granularities: ['word', 'segment'] }),
  options: () => transcribe({ language: 'english', prompt: 'ZyntriQix', temperature: 0.2, vad_filter: false }),
  stream: async () => {
    const events = [];
    for await (const event of await transcribe({ stream: true })) events.push(event);
    return events;
  },
  translation: () =>
    client.audio.translations.create({ file, model: 'whisper-1', response_format: 'verbose_json' }),
  models: () => client.models.list().then((page) => page.data.map((model) => model.id)),
  'unknown model': () => transcribe({ model: 'gpt-5' }),
  'words without times': () => transcribe({ timestamp_granularities: ['word'] }),
};

const told = (error) => ({
  kind: error.constructor.name,
  status: error.status,
  code: error.code,
  param: error.param,
  type: error.type,
  message: error.message,
  job: error.headers?.get('x-job-id') ?? null,
});

try {
  console.log(JSON.stringify({ value: await calls[name]() }));
} catch (error) {
  if (!(error instanceof OpenAI.APIError)) throw error;
  console.log(JSON.stringify({ error: told(error) }));
}
