import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { announce } from '../announce';
import { IconButton } from '../ui/button';
import { keepInSight } from './followVoice';
import { markMatches } from './marks';
import type { Reading } from './model';
import { Searchable } from './search';

const SAY_AFTER_MS = 600;

/** The field that finds words; Enter goes to the next place, with Shift to the one before. */
export function Find({ reading, words }: { reading: Reading; words: () => readonly HTMLElement[] }) {
  const [sought, setSought] = useState('');
  const [now, setNow] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  const searchable = useMemo(() => (sought === '' ? null : new Searchable(reading.pieces)), [reading, sought === '']);
  const matches = useMemo(() => searchable?.find(sought) ?? [], [searchable, sought]);
  const current = matches[now];

  useEffect(() => {
    const unmark = markMatches(matches, now, words());
    const at = current && words()[current.from.piece];
    if (at) keepInSight(at);
    return unmark;
  }, [matches, now, words]);
  useEffect(() => {
    if (sought.trim() === '') return undefined;
    const timer = setTimeout(() => announce(matches.length === 0 ? 'Not found' : `Found ${matches.length} times`), SAY_AFTER_MS);
    return () => clearTimeout(timer);
  }, [matches, sought]);
  useEffect(() => {
    const focus = (event: KeyboardEvent): void => {
      const isTyping = (event.target as HTMLElement).matches('input, textarea, select');
      if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      field.current?.focus();
    };
    addEventListener('keydown', focus);
    return () => removeEventListener('keydown', focus);
  }, []);

  const step = (by: number): void => {
    if (matches.length > 0) setNow((now + by + matches.length) % matches.length);
  };
  return (
    <div class="find" role="search">
      <input
        ref={field}
        type="search"
        aria-label="Find in text"
        placeholder="Find in text"
        value={sought}
        onInput={(event) => {
          setSought(event.currentTarget.value);
          setNow(0);
        }}
        onKeyDown={(event) => event.key === 'Enter' && step(event.shiftKey ? -1 : 1)}
      />
      {sought.trim() !== '' && (
        <>
          <span class="meta">{matches.length === 0 ? 'not found' : `${now + 1} of ${matches.length}`}</span>
          <IconButton icon="up" name="The one before" disabled={matches.length === 0} onClick={() => step(-1)} />
          <IconButton icon="down" name="The next" disabled={matches.length === 0} onClick={() => step(1)} />
        </>
      )}
    </div>
  );
}
