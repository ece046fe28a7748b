/** How far something is; `share` null: nobody knows, it moves to and fro. */
export function Bar({ share, label }: { share: number | null; label: string }) {
  const told = share === null ? {} : { 'aria-valuenow': Math.floor(share * 100) };
  return (
    <div class={share === null ? 'bar bar-unknown' : 'bar'} role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={100} {...told}>
      <div class="bar-done" style={{ inlineSize: share === null ? '30%' : `${share * 100}%` }} />
    </div>
  );
}
