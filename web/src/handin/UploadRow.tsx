import { useEffect, useState } from 'preact/hooks';
import { Bar } from '../ui/bar';
import { Button, IconButton } from '../ui/button';
import { Notice } from '../ui/notice';
import { isOfTheFile } from '../words/problems';
import { percent, size } from '../words/times';
import { uploads } from './desk';
import type { Upload } from './uploads';

/** One file on its way, or refused. */
export function UploadRow({ upload }: { upload: Upload }) {
  const { id, file, state, share, trouble } = upload;
  const dismiss = (): void => uploads.dismiss(id);
  return (
    <li class="upload">
      <div class="upload-head">
        <bdi class="name" title={file.name}>
          {file.name}
        </bdi>
        <span class="meta">{state === 'sending' ? `${percent(share)} of ${size(file.size)}` : size(file.size)}</span>
        <IconButton icon="cancel" name={state === 'refused' ? `Dismiss ${file.name}` : `Stop uploading ${file.name}`} onClick={dismiss} />
      </div>
      {state === 'sending' && <Bar share={share} label={`Upload of ${file.name}`} />}
      {state === 'waiting' && <p class="meta">Waits for the others</p>}
      {state === 'paused' && trouble && (
        <p class="meta" role="status">
          {trouble.what} Goes on <In until={upload.until} />.
        </p>
      )}
      {state === 'refused' && trouble && (
        <div role="alert">
          <Notice trouble={trouble}>
            {!isOfTheFile(trouble) && (
              <Button icon="retry" onClick={() => uploads.again(id)}>
                Try again
              </Button>
            )}
          </Notice>
        </div>
      )}
    </li>
  );
}

/** Counts down. */
function In({ until }: { until: number }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const left = Math.ceil((until - now) / 1000);
  return <>{left > 0 ? `in ${left} s` : 'now'}</>;
}
