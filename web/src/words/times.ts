/**
 * Times, sizes and numbers in words.
 * @module
 */

const MINUTE_S = 60;
const HOUR_S = 3600;

/** Length of a recording: `0:07`, `12:30`, `2:05:00`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / HOUR_S), Math.floor((whole % HOUR_S) / MINUTE_S), whole % MINUTE_S];
  const two = (number: number): string => String(number).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** An estimate, which is told no more exactly than it is known. */
export function about(seconds: number): string {
  if (seconds < 10) return 'a few seconds';
  if (seconds < 50) return `about ${Math.ceil(seconds / 10) * 10} s`;
  if (seconds < 90) return 'about a minute';
  if (seconds < 50 * MINUTE_S) return `about ${Math.round(seconds / MINUTE_S)} min`;
  if (seconds < 90 * MINUTE_S) return 'about an hour';
  if (seconds < 36 * HOUR_S) return `about ${Math.round(seconds / HOUR_S)} h`;
  return `about ${Math.round(seconds / HOUR_S / 24)} days`;
}

/** Bytes as people count them. */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  if (bytes < 1e6) return `${Math.round(bytes / 1000)} kB`;
  if (bytes < 1e9) return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

export function percent(share: number): string {
  return `${Math.floor(share * 100)} %`;
}

/** When something was, as near as one wants to know: the time today, else the day. */
export function when(moment: string, now: Date = new Date()): string {
  const date = new Date(moment);
  const isToday = date.toDateString() === now.toDateString();
  if (isToday) return date.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
  const isThisYear = date.getFullYear() === now.getFullYear();
  return date.toLocaleDateString(undefined, { day: 'numeric', month: 'short', ...(isThisYear ? {} : { year: 'numeric' }) });
}

/** 1st, 2nd, 3rd, 4th. */
export function ordinal(number: number): string {
  const kind = new Intl.PluralRules('en', { type: 'ordinal' }).select(number);
  return `${number}${{ one: 'st', two: 'nd', few: 'rd', other: 'th', zero: 'th', many: 'th' }[kind]}`;
}
