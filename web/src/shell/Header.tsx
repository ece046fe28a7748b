import { IconButton } from '../ui/button';
import { HOME } from '../route';
import { hasKey, keyWanted } from '../session';
import { state } from './health';
import mark from '../icon.svg';

export function Header() {
  const now = state.value;
  return (
    <header class="header">
      <a class="brand" href={HOME}>
        <img src={mark} width="28" height="28" alt="" />
        <h1>Stenopool</h1>
      </a>
      {now && (
        <p class={`health health-${now.kind}`} title={now.more}>
          {now.word}
        </p>
      )}
      <IconButton icon="key" name={hasKey.value ? 'API key (one is set)' : 'API key'} aria-pressed={hasKey.value} onClick={() => (keyWanted.value = '')} />
    </header>
  );
}
