/** An API that answers as it is told, over real HTTP. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StenopoolClient, type ClientOptions, type JobStatus } from '@stenopool/client';

/** What was asked. */
export interface Asked {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

export type Answer = (response: ServerResponse, asked: Asked) => void | Promise<void>;

export class Stub {
  /** Every request, oldest first. */
  readonly asked: Asked[] = [];
  /** Taken one for each request; the last stays. */
  answers: Answer[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<Stub> {
    const server = createServer();
    const stub = new Stub(server);
    server.on('request', (request, response) => void stub.#answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return stub;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** A client that is quick to come back. */
  client(options: ClientOptions = {}): StenopoolClient {
    return new StenopoolClient({ baseUrl: this.address, ...options, retry: { minDelayMs: 1, ...options.retry } });
  }

  /** `METHOD /path?query` of every request. */
  get lines(): string[] {
    return this.asked.map(({ method, url }) => `${method} ${url}`);
  }

  /** Header of every request. */
  header(name: string): (string | string[] | undefined)[] {
    return this.asked.map(({ headers }) => headers[name]);
  }

  /** Begins anew. */
  tell(...answers: Answer[]): void {
    this.asked.length = 0;
    this.answers = answers;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    request.on('error', () => undefined);
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = '', url = '', headers } = request;
    const asked = { method, url, headers, body: Buffer.concat(chunks) };
    this.asked.push(asked);
    const answer = this.answers.length > 1 ? this.answers.shift() : this.answers[0];
    await answer?.(response, asked);
  }
}

export const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}): Answer =>
  (response) => {
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body));
  };

export const problem = (status: number, code: string, headers: Record<string, string> = {}, more: object = {}): Answer =>
  json(
    { type: `urn:stenopool:problem:${code}`, title: code, status, detail: `it is ${code}`, code, hint: 'a hint', ...more },
    status,
    { 'Content-Type': 'application/problem+json', ...headers },
  );

/** Nothing but a broken connection. */
export const broken: Answer = (response) => void response.destroy();

/** Never answers. */
export const silent: Answer = () => undefined;

/** Events in pieces; then the connection ends. */
export const stream =
  (...pieces: string[]): Answer =>
  (response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' });
    for (const piece of pieces) response.write(piece);
    response.end();
  };

export const event = (type: string, data: unknown, id?: string): string =>
  `event: ${type}\ndata: ${JSON.stringify(data)}\n${id === undefined ? '' : `id: ${id}\n`}\n`;

export const JOB = '9f86d081884c7d659a2feaa0c55ad015';

export const status = (state: JobStatus['status'], progress = 0): Partial<JobStatus> => ({
  job_id: JOB,
  status: state,
  progress,
});

export const segment = (text: string): object => ({
  job_id: JOB,
  span: 0,
  segment: { start: 0, end: 1, text, confidence: 0.9 },
});

/** What `promise` is rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => new Error('nothing was thrown'),
    (error: Error) => error,
  );
}
