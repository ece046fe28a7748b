import { useEffect, useRef, useState } from 'preact/hooks';
import { Button, IconButton } from './button';
import type { IconName } from './icons';

interface ConfirmProps {
  icon: IconName;
  name: string;
  /** What it is done to, where there are many: the button is then a picture. */
  of?: string | undefined;
  question: string;
  onConfirm: () => void;
}

/** A button for what cannot be taken back: it asks once, in its own place. */
export function ConfirmButton({ icon, name, of, question, onConfirm }: ConfirmProps) {
  const [asks, setAsks] = useState(false);
  const yes = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    if (asks) yes.current?.querySelector('button')?.focus();
  }, [asks]);
  if (!asks) {
    return of !== undefined ? (
      <IconButton icon={icon} name={`${name} ${of}`} onClick={() => setAsks(true)} />
    ) : (
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
