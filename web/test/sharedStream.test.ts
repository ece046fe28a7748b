import type { TenantEvent } from '@stenopool/client';
import { expect, test } from 'vitest';
import { type Browser, type Link, listenTogether, type Read } from '../src/jobs/sharedStream';

/** Tabs of one browser: a lock that is handed on, and a channel that reaches everybody else. */
class Tabs {
  readonly #waiting: (() => void)[] = [];
  readonly #channels = new Set<{ onmessage: ((event: MessageEvent) => void) | null }>();
  #isHeld = false;

  readonly browser: Browser = {
    locks: {
      request: async (_name: string, { signal }: { signal: AbortSignal }, act: () => Promise<void>) => {
        if (this.#isHeld) await new Promise<void>((go) => this.#waiting.push(go));
        if (signal.aborted) {
          this.#next();
          throw signal.reason;
        }
        this.#isHeld = true;
        try {
          await act();
        } finally {
          this.#next();
        }
      },
    } as unknown as LockManager,
    channel: () => {
      const own = {
        onmessage: null as ((event: MessageEvent) => void) | null,
        postMessage: (data: unknown) => {
          for (const other of this.#channels) if (other !== own) other.onmessage?.({ data } as MessageEvent);
        },
        close: () => this.#channels.delete(own),
      };
      this.#channels.add(own);
      return own as unknown as BroadcastChannel;
    },
  };

  #next(): void {
    this.#isHeld = false;
    this.#waiting.shift()?.();
  }
}

/** A server's stream, as far as one reader at a time has it open. */
class Stream {
  readonly opened: string[] = [];
  tell: ((event: TenantEvent) => void) | undefined;

  readonly read: Read = (hear, tell, { signal, after }) => {
    this.opened.push(after);
    this.tell = hear;
    tell('live');
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  };
}

class Tab {
  readonly heard: string[] = [];
  readonly links: Link[] = [];
  readonly #life = new AbortController();

  constructor(tabs: Tabs, read: Read) {
    const listener = { onEvent: (event: TenantEvent) => void this.heard.push(event.id), onLink: (link: Link) => void this.links.push(link) };
    this.end = listenTogether('events', read, listener, this.#life.signal, tabs.browser).catch((error: unknown) => error);
  }

  readonly end: Promise<unknown>;

  async close(): Promise<void> {
    this.#life.abort();
    await this.end;
    await settled();
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
const event = (id: string): TenantEvent => ({ type: 'queued', id, data: { job_id: id, status: 'queued' } });

test('all tabs hear what one of them reads', async () => {
  const [tabs, stream] = [new Tabs(), new Stream()];
  const [one, other] = [new Tab(tabs, stream.read), new Tab(tabs, stream.read)];
  await settled();
  stream.tell!(event('1'));
  expect(stream.opened).toEqual(['']);
  expect([one.heard, other.heard]).toEqual([['1'], ['1']]);
});

test('a tab that comes later is told how the line is', async () => {
  const [tabs, stream] = [new Tabs(), new Stream()];
  new Tab(tabs, stream.read);
  await settled();
  const late = new Tab(tabs, stream.read);
  await settled();
  expect(late.links).toEqual(['live']);
});

test('when the reading tab is closed another goes on behind what all have heard', async () => {
  const [tabs, stream] = [new Tabs(), new Stream()];
  const [one, other] = [new Tab(tabs, stream.read), new Tab(tabs, stream.read)];
  await settled();
  stream.tell!(event('7'));
  await one.close();
  expect(stream.opened).toEqual(['', '7']);
  stream.tell!(event('8'));
  expect(other.heard).toEqual(['7', '8']);
  expect(one.heard).toEqual(['7']);
});

test('a new reader that heard nothing yet says that the list has to be read again', async () => {
  const [tabs, stream] = [new Tabs(), new Stream()];
  const [one, other] = [new Tab(tabs, stream.read), new Tab(tabs, stream.read)];
  await settled();
  await one.close();
  expect(other.links.slice(-2)).toEqual(['connecting', 'live']);
});

test('where the stream cannot be had every tab learns why', async () => {
  const tabs = new Tabs();
  const refused = new Error('no list for you');
  const read: Read = () => Promise.reject(refused);
  const [one, other] = [new Tab(tabs, read), new Tab(tabs, read)];
  expect([await one.end, await other.end]).toEqual([refused, refused]);
});

test('a browser without locks reads in each tab', async () => {
  const [tabs, stream] = [new Tabs(), new Stream()];
  const browser = { ...tabs.browser, locks: undefined };
  const nobody = { onEvent: () => undefined, onLink: () => undefined };
  const life = new AbortController();
  for (let tab = 0; tab < 2; tab += 1) void listenTogether('events', stream.read, nobody, life.signal, browser).catch(() => undefined);
  await settled();
  expect(stream.opened).toHaveLength(2);
  life.abort();
});
