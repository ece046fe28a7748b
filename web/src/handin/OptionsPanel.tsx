import type { Model } from '@stenopool/client';
import { useEffect, useState } from 'preact/hooks';
import { client, visitor } from '../session';
import { later } from '../ui/later';
import { addressOfApi } from '../transcript/request';
import { LANGUAGES, languageName } from './languages';
import { change, fieldsOf, options, summary } from './options';

const RequestAsCode = later(() => import('../snippets/RequestAsCode').then((module) => module.RequestAsCode));

/** What programs written for OpenAI's API call the usual model. */
const ALIAS = 'whisper-1';

/** What recordings are handed in with, behind one line. */
export function OptionsPanel() {
  const chosen = options.value;
  const models = useModels();
  const [showsCode, setShowsCode] = useState(false);
  return (
    <details class="options">
      <summary>
        <span>Options</span>
        <span class="meta">{summary(chosen, languageName)}</span>
      </summary>
      <div class="options-fields">
        <label class="field">
          <span>Language</span>
          <select value={chosen.language} onChange={(event) => change({ language: event.currentTarget.value })}>
            <option value="auto">Find out by itself</option>
            {LANGUAGES.map(({ code, name }) => (
              <option value={code} key={code}>
                {name}
              </option>
            ))}
          </select>
        </label>
        {models.length > 1 && (
          <label class="field">
            <span>Model</span>
            <select value={chosen.model} onChange={(event) => change({ model: event.currentTarget.value })}>
              <option value="">The usual one</option>
              {models.map(({ id }) => (
                <option value={id} key={id}>
                  {id}
                </option>
              ))}
            </select>
          </label>
        )}
        <label class="field field-wide">
          <span>
            What it is about <small>sets style and spelling</small>
          </span>
          <textarea rows={2} maxLength={1000} value={chosen.prompt} onInput={(event) => change({ prompt: event.currentTarget.value })} />
        </label>
        <label class="field field-wide">
          <span>
            Names and words to expect <small>with commas</small>
          </span>
          <input type="text" maxLength={1000} value={chosen.hotwords} onInput={(event) => change({ hotwords: event.currentTarget.value })} />
        </label>
        <Check name="words" label="Times of words" more="To click a word and hear it, and to follow along." />
        <Check name="skipSilence" label="Skip what is not speech" more="Quicker, and nothing is made up in pauses." />
        <Check name="translate" label="Translate into English" more="The text comes in English, whatever is spoken." />
      </div>
      <details class="options-code" onToggle={(event) => setShowsCode(event.currentTarget.open)}>
        <summary>The same as code</summary>
        {showsCode && <RequestAsCode filename="talk.mp3" fields={fieldsOf(chosen)} address={addressOfApi()} />}
      </details>
    </details>
  );
}

function Check({ name, label, more }: { name: 'words' | 'skipSilence' | 'translate'; label: string; more: string }) {
  return (
    <label class="check">
      <input type="checkbox" checked={options.value[name]} onChange={(event) => change({ [name]: event.currentTarget.checked })} />
      <span>
        {label}
        <small>{more}</small>
      </span>
    </label>
  );
}

function useModels(): readonly Model[] {
  const [models, setModels] = useState<readonly Model[]>([]);
  useEffect(() => {
    const gone = new AbortController();
    // Who may not see them chooses none.
    client.listModels({ signal: gone.signal }).then(
      (told) => setModels(told.filter(({ id }) => id !== ALIAS)),
      () => setModels([]),
    );
    return () => gone.abort();
  }, [visitor.value]);
  return models;
}
