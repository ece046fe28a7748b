import type { ComponentChildren } from 'preact';
import type { Trouble } from '../words/problems';

/** What went wrong, what to do, and buttons for that. */
export function Notice({ trouble, kind = 'danger', children }: { trouble: Trouble; kind?: 'danger' | 'warn'; children?: ComponentChildren }) {
  return (
    <div class={`notice notice-${kind}`}>
      <p>
        <strong>{trouble.what}</strong> {trouble.hint}
        {trouble.code && <code class="notice-code">{trouble.code}</code>}
      </p>
      {children && <div class="notice-acts">{children}</div>}
    </div>
  );
}
