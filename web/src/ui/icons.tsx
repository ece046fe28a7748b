/** Pictures on buttons, drawn with the text's colour. They say nothing to screen readers: the button has a name. */

const PATHS = {
  back: 'M15 5l-7 7 7 7',
  cancel: 'M6 6l12 12M18 6L6 18',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  code: 'M9 7l-5 5 5 5M15 7l5 5-5 5',
  copy: 'M9 9h10v11H9zM5 15V4h10',
  delete: 'M4 7h16M9 7V4h6v3M6.5 7l1 13h9l1-13M10 11v5M14 11v5',
  download: 'M12 4v11M7 10.5l5 5 5-5M5 20h14',
  find: 'M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM15.5 15.5L20 20',
  key: 'M11 13a4.5 4.5 0 1 0-4.5 4.5A4.5 4.5 0 0 0 11 13zM9.8 9.8L20 4M15.5 6.5l2 3.5',
  pause: 'M8 5v14M16 5v14',
  play: 'M7 4.5v15l12-7.5z',
  retry: 'M20 12a8 8 0 1 1-2.4-5.7M20 3v4h-4',
  down: 'M6 9.5l6 6 6-6',
  up: 'M6 14.5l6-6 6 6',
  upload: 'M12 16V5M7 9.5L12 4.5l5 5M5 20h14',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
