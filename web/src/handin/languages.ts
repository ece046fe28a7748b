/**
 * The languages that Whisper knows, by the names that the reader has for them.
 * @module
 */

const CODES =
  'af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha haw he hi hr ht hu hy id is it ja jw ' +
  'ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl nn no oc pa pl ps pt ro ru sa sd si sk sl sn so sq sr su ' +
  'sv sw ta te tg th tk tl tr tt uk ur uz vi yi yo yue zh';

/** Codes of Whisper that are not those of today's standard. */
const TODAY: Readonly<Record<string, string>> = { jw: 'jv' };

const names = new Intl.DisplayNames(undefined, { type: 'language', fallback: 'code' });

export function languageName(code: string): string {
  const name = names.of(TODAY[code] ?? code) ?? code;
  return name.charAt(0).toLocaleUpperCase() + name.slice(1);
}

/** All of them, in the order of their names. */
export const LANGUAGES: readonly { code: string; name: string }[] = CODES.split(' ')
  .map((code) => ({ code, name: languageName(code) }))
  .sort((one, other) => one.name.localeCompare(other.name));
