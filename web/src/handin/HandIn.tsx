import { useRef } from 'preact/hooks';
import { Button } from '../ui/button';
import { handIn, handInSample, isHeldOver, uploads } from './desk';
import { OptionsPanel } from './OptionsPanel';
import { UploadRow } from './UploadRow';
import './handin.css';

/** Where recordings are handed in. `isFirst`: nothing was ever. */
export function HandIn({ isFirst }: { isFirst: boolean }) {
  const input = useRef<HTMLInputElement>(null);
  const choose = (event: Event): void => {
    const chosen = event.currentTarget as HTMLInputElement;
    handIn([...(chosen.files ?? [])]);
    // So that the same file can be chosen again.
    chosen.value = '';
  };
  return (
    <section class="handin" aria-labelledby="handin-title">
      <div class={isHeldOver.value ? 'drop drop-held' : 'drop'}>
        <svg class="drop-picture" viewBox="0 0 96 40" aria-hidden="true">
          <path d="M4 16v8M12 10v20M20 14v12M28 4v32M36 12v16M44 17v6" />
          <path class="drop-lines" d="M56 12h36M56 20h28M56 28h33" />
        </svg>
        <h2 id="handin-title">{isHeldOver.value ? 'Let go' : isFirst ? 'Drop a recording, read what was said' : 'Drop recordings anywhere'}</h2>
        <p class="drop-more">Sound or film, as many as you like. They stay on this server.</p>
        <p class="drop-acts">
          <input ref={input} id="choose" class="unseen" type="file" multiple accept="audio/*,video/*,.opus,.amr,.caf,.mkv" onChange={choose} tabIndex={-1} aria-label="Choose recordings" />
          <Button look="main" icon="upload" onClick={() => input.current?.click()}>
            Choose files
          </Button>
          <Button look="quiet" onClick={() => void handInSample()}>
            Try the sample
          </Button>
        </p>
      </div>
      {uploads.list.value.length > 0 && (
        <ul role="list" class="uploads" aria-label="Uploads">
          {uploads.list.value.map((upload) => (
            <UploadRow key={upload.id} upload={upload} />
          ))}
        </ul>
      )}
      <OptionsPanel />
    </section>
  );
}
