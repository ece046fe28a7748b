/**
 * A request in the languages that people have at hand. Names may hold anything, so each is quoted by its language's own rules.
 * @module
 */

import type { TranscriptionFields } from '@stenopool/client';

/** What is asked of the API. */
export interface Request {
  filename: string;
  fields: TranscriptionFields;
  /** Of the API, without a slash at the end. */
  address: string;
}

export type Language = 'curl' | 'Python' | 'TypeScript';

export const LANGUAGES: readonly Language[] = ['curl', 'Python', 'TypeScript'];

export function snippet(language: Language, request: Request): string {
  return { curl, Python: python, TypeScript: typescript }[language](request);
}

function curl({ filename, fields, address }: Request): string {
  const options = entries(fields).map(([name, value]) => `  --form-string ${shell(`${name}=${String(value)}`)} \\\n`);
  return `KEY=…   # where the server asks for one
curl -H "Authorization: Bearer $KEY" \\
  -F ${shell(`file=@${curlName(filename)}`)} \\
${options.join('')}  ${shell(`${address}/transcribe`)}
# {"job_id": "…", …}; put it into JOB
curl -H "Authorization: Bearer $KEY" -H 'Prefer: wait=30' ${shell(address)}/status/$JOB
curl -H "Authorization: Bearer $KEY" ${shell(address)}/result/$JOB?format=srt
`;
}

function python({ filename, fields, address }: Request): string {
  const options = entries(fields).map(([name, value]) => `, ${name}=${pythonValue(value)}`);
  return `from stenopool_client import Client

with Client(${JSON.stringify(address)}, api_key="…") as client:  # the key where the server asks for one
    job = client.submit(${JSON.stringify(filename)}${options.join('')})
    result = client.wait_for_result(job.job_id)

for segment in result.segments:
    print(f"{segment.start:7.2f} {segment.text}")
`;
}

function typescript({ filename, fields, address }: Request): string {
  const options = entries(fields).map(([name, value]) => `\n  ${name}: ${JSON.stringify(value)},`);
  const given = options.length > 0 ? `, {${options.join('')}\n}` : '';
  return `import { StenopoolClient } from '@stenopool/client';
import { fileFromPath } from '@stenopool/client/node';

// The key where the server asks for one.
const client = new StenopoolClient({ baseUrl: ${JSON.stringify(address)}, apiKey: '…' });
const { job_id } = await client.submitTranscription(await fileFromPath(${JSON.stringify(filename)})${given});
const result = await client.waitForResult(job_id);

for (const segment of result.segments) console.log(segment.start.toFixed(2), segment.text);
`;
}

function entries(fields: TranscriptionFields): [string, unknown][] {
  return Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);
}

/** One word for a POSIX shell. */
export function shell(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A file's name as `curl -F` reads it: quoted where it holds what means something there, and never the standard input. */
function curlName(filename: string): string {
  const name = filename.startsWith('-') ? `./${filename}` : filename;
  return /[;,"\\]/.test(name) ? `"${name.replace(/["\\]/g, '\\$&')}"` : name;
}

function pythonValue(value: unknown): string {
  if (value === true) return 'True';
  if (value === false) return 'False';
  return JSON.stringify(value);
}
