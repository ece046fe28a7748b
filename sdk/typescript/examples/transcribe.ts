/** Transcribes a file in Node: `STENOPOOL_URL=… STENOPOOL_KEY=… node transcribe.js talk.mp3`. */

import { ApiError, StenopoolClient } from '@stenopool/client';
import { fileFromPath } from '@stenopool/client/node';

const client = new StenopoolClient({ baseUrl: process.env['STENOPOOL_URL'], apiKey: process.env['STENOPOOL_KEY'] });

try {
  const { job_id } = await client.submitTranscription(await fileFromPath(process.argv[2] ?? 'talk.mp3'));
  for await (const event of client.events(job_id)) {
    if (event.type === 'segment') console.log(event.data.segment.text);
    else console.error(event.type);
  }
  // Throws where the job failed or was taken back.
  const { language, duration } = await client.getResult(job_id);
  console.error(`${duration} s, ${language}`);
} catch (error) {
  if (!(error instanceof ApiError)) throw error;
  console.error(`${error.code}: ${error.message} ${error.hint}`);
  process.exitCode = 1;
}
