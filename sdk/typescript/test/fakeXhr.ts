/** As much of XMLHttpRequest as the client uses, over fetch; says that half of the body is gone, then all of it. */

type Listener<E> = ((event: E) => void) | null;

export class FakeXhr {
  onload: Listener<void> = null;
  onerror: Listener<void> = null;
  onabort: Listener<void> = null;
  onloadend: Listener<void> = null;
  readonly upload: { onprogress: Listener<{ loaded: number }> } = { onprogress: null };
  status = 0;
  statusText = '';
  responseText = '';
  #url = '';
  #lines = '';
  readonly #headers = new Headers();
  readonly #controller = new AbortController();

  open(_method: string, url: string): void {
    this.#url = url;
  }

  setRequestHeader(name: string, value: string): void {
    this.#headers.set(name, value);
  }

  getAllResponseHeaders(): string {
    return this.#lines;
  }

  abort(): void {
    this.#controller.abort();
  }

  send(body: Blob): void {
    void this.#sent(body);
  }

  async #sent(body: Blob): Promise<void> {
    try {
      const head = body.size - 300_000 - (await tailBytes(body));
      this.upload.onprogress?.({ loaded: head });
      this.upload.onprogress?.({ loaded: head + 150_000 });
      const signal = this.#controller.signal;
      const answer = await fetch(this.#url, { method: 'POST', headers: this.#headers, body, signal });
      this.status = answer.status;
      this.statusText = answer.statusText;
      this.responseText = await answer.text();
      this.#lines = [...answer.headers].map(([name, value]) => `${name}: ${value}\r\n`).join('');
      this.onload?.();
    } catch {
      if (this.#controller.signal.aborted) this.onabort?.();
      else this.onerror?.();
    } finally {
      this.onloadend?.();
    }
  }
}

/** Bytes of the last line, behind the recording. */
async function tailBytes(body: Blob): Promise<number> {
  const end = await body.slice(-200).text();
  return end.length - end.indexOf('\r\n--');
}
