import { useEffect, useRef } from 'preact/hooks';
import { hasKey, keyWanted, signOut, useKey } from '../session';
import { Button } from '../ui/button';

/** Asks for the key, whenever somebody wants to enter one or the server wants to see one. */
export function KeyDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  const reason = keyWanted.value;
  useEffect(() => {
    if (reason !== null && !dialog.current?.open) dialog.current?.showModal();
    if (reason === null) dialog.current?.close();
  }, [reason]);
  const take = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const entered = new FormData(form).get('key');
    if (typeof entered !== 'string' || entered.trim() === '') return;
    useKey(entered.trim(), new FormData(form).has('remember'));
    form.reset();
  };
  return (
    <dialog class="key-dialog" ref={dialog} aria-labelledby="key-title" onClose={() => (keyWanted.value = null)}>
      <form onSubmit={take}>
        <h2 id="key-title">API key</h2>
        {reason && (
          <p class="key-reason" role="alert">
            {reason}
          </p>
        )}
        <label class="field">
          <span>Key</span>
          <input name="key" type="password" autocomplete="off" spellcheck={false} placeholder="sk_…" required />
        </label>
        <label class="check">
          <input name="remember" type="checkbox" />
          <span>
            Remember on this device
            <small>Otherwise it is forgotten when this tab is closed.</small>
          </span>
        </label>
        <div class="dialog-acts">
          {hasKey.value && (
            <Button look="quiet" onClick={signOut}>
              Forget the key
            </Button>
          )}
          <Button onClick={() => (keyWanted.value = null)}>Close</Button>
          <Button look="main" type="submit">
            Use this key
          </Button>
        </div>
      </form>
    </dialog>
  );
}
