import { said } from '../announce';

/** Speaks to screen readers. */
export function Announcer() {
  return (
    <p class="unseen" role="status" aria-live="polite">
      {said.value}
    </p>
  );
}
