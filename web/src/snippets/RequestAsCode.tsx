import { useId, useRef, useState } from 'preact/hooks';
import { announce } from '../announce';
import { copy } from '../transcript/save';
import { Button } from '../ui/button';
import { type Language, LANGUAGES, type Request, snippet } from './snippets';
import './snippets.css';

/** The same request for a terminal or a program, to be copied. */
export function RequestAsCode(request: Request) {
  const [language, setLanguage] = useState<Language>('curl');
  const tabs = useRef<HTMLDivElement>(null);
  const id = useId();
  const code = snippet(language, request);
  const choose = (next: Language): void => {
    setLanguage(next);
    tabs.current?.querySelector<HTMLElement>(`[data-language="${next}"]`)?.focus();
  };
  const move = (event: KeyboardEvent): void => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    choose(LANGUAGES[(LANGUAGES.indexOf(language) + by + LANGUAGES.length) % LANGUAGES.length]!);
  };
  return (
    <div class="code">
      <div class="code-head">
        <div ref={tabs} role="tablist" aria-label="Language" class="tabs" onKeyDown={move}>
          {LANGUAGES.map((each) => (
            <button
              type="button"
              role="tab"
              key={each}
              id={`${id}-${each}`}
              data-language={each}
              aria-selected={each === language}
              aria-controls={`${id}-code`}
              tabIndex={each === language ? 0 : -1}
              onClick={() => setLanguage(each)}
            >
              {each}
            </button>
          ))}
        </div>
        <Button icon="copy" look="quiet" onClick={() => void copy(code).then(() => announce('Copied'))}>
          Copy code
        </Button>
      </div>
      <pre id={`${id}-code`} role="tabpanel" aria-labelledby={`${id}-${language}`} tabIndex={0} dir="ltr">
        {code}
      </pre>
    </div>
  );
}
