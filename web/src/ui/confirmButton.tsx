import { useEffect, useRef, useState } from 'preact/hooks';
import { Button } from './button';
import type { IconName } from './icons';

/** A button for what cannot be taken back: it asks once, in its own place. */
export function ConfirmButton({ icon, name, question, onConfirm }: { icon: IconName; name: string; question: string; onConfirm: () => void }) {
  const [asks, setAsks] = useState(false);
  const yes = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    if (asks) yes.current?.querySelector('button')?.focus();
  }, [asks]);
  if (!asks) {
    return (
      <Button icon={icon} onClick={() => setAsks(true)}>
        {name}
      </Button>
    );
  }
  return (
    <span class="confirm" role="group" aria-label={question} ref={yes} onKeyDown={(event) => event.key === 'Escape' && setAsks(false)}>
      <span>{question}</span>
      <Button look="danger" onClick={onConfirm}>
        {name}
      </Button>
      <Button look="quiet" onClick={() => setAsks(false)}>
        Keep
      </Button>
    </span>
  );
}
