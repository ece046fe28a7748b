/**
 * One stream of events for all tabs of a browser, which opens no more than six connections to a site.
 *
 * Whoever holds the lock reads the stream and tells the others. When its tab is closed the next one gets the lock, and goes on
 * behind the last event that all have heard.
 * @module
 */

import type { TenantEvent } from '@stenopool/client';

/** How the stream is. */
export type Link = 'connecting' | 'live' | 'cut';

/** What the leading tab tells the others. */
type Word = { kind: 'event'; event: TenantEvent } | { kind: 'link'; link: Link } | { kind: 'who' };

/** Reads the stream until `signal` ends it; `after` is the id to go on behind. */
export type Read = (
  hear: (event: TenantEvent) => void,
  tell: (link: Link) => void,
  options: { signal: AbortSignal; after: string },
) => Promise<void>;

/** The little that is used of the browser, so that tests have tabs. */
export interface Browser {
  locks: Pick<LockManager, 'request'> | undefined;
  channel: (name: string) => BroadcastChannel;
}

const REAL: Browser = {
  locks: navigator.locks,
  channel: (name) => new BroadcastChannel(name),
};

export interface Listener {
  onEvent: (event: TenantEvent) => void;
  onLink: (link: Link) => void;
}

/** Listens along until `signal` ends it; `name` keeps visitors apart. Rejects when the stream cannot be had. */
export async function listenTogether(
  name: string,
  read: Read,
  listener: Listener,
  signal: AbortSignal,
  browser: Browser = REAL,
): Promise<void> {
  const channel = browser.channel(name);
  let after = '';
  let link: Link = 'connecting';
  let leads = false;
  const hear = (event: TenantEvent): void => {
    if (event.id !== '') after = event.id;
    listener.onEvent(event);
  };
  const turn = (to: Link): void => {
    link = to;
    listener.onLink(to);
  };
  channel.onmessage = ({ data }: MessageEvent<Word>) => {
    if (data.kind === 'who') {
      if (leads) channel.postMessage({ kind: 'link', link } satisfies Word);
    } else if (!leads) {
      if (data.kind === 'event') hear(data.event);
      else turn(data.link);
    }
  };
  const lead = async (): Promise<void> => {
    leads = true;
    // Nothing was heard yet that one could go on behind: whoever listens has to read the list once it is open.
    if (after === '') turn('connecting');
    await read(
      (event) => {
        hear(event);
        channel.postMessage({ kind: 'event', event } satisfies Word);
      },
      (to) => {
        turn(to);
        channel.postMessage({ kind: 'link', link: to } satisfies Word);
      },
      { signal, after },
    );
  };
  try {
    channel.postMessage({ kind: 'who' } satisfies Word);
    if (browser.locks === undefined) await lead();
    else await browser.locks.request(name, { signal }, lead);
  } finally {
    channel.close();
  }
}
