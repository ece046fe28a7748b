/**
 * What recordings are handed in with; remembered on this device.
 * @module
 */

import type { TranscriptionFields } from '@stenopool/client';
import { signal } from '@preact/signals';

const SLOT = 'stenopool.options';

/** What the panel shows. Empty and `auto` mean: as the server thinks best. */
export interface Options {
  language: string;
  model: string;
  translate: boolean;
  words: boolean;
  skipSilence: boolean;
  prompt: string;
  hotwords: string;
}

export const DEFAULTS: Options = {
  language: 'auto',
  model: '',
  translate: false,
  words: true,
  skipSilence: true,
  prompt: '',
  hotwords: '',
};

export const options = signal<Options>(read());

export function change(news: Partial<Options>): void {
  options.value = { ...options.peek(), ...news };
  localStorage.setItem(SLOT, JSON.stringify(options.peek()));
}

/** As fields of a submission; those that are as the server has them anyway are left out. */
export function fieldsOf(chosen: Options): TranscriptionFields {
  return {
    ...(chosen.language !== 'auto' && { language: chosen.language }),
    ...(chosen.model !== '' && { model: chosen.model }),
    ...(chosen.translate && { task: 'translate' as const }),
    ...(chosen.words && { word_timestamps: true }),
    ...(!chosen.skipSilence && { vad_filter: false }),
    ...(chosen.prompt.trim() !== '' && { initial_prompt: chosen.prompt.trim() }),
    ...(chosen.hotwords.trim() !== '' && { hotwords: chosen.hotwords.trim() }),
  };
}

/** In a few words, for the closed panel. */
export function summary(chosen: Options, languageName: (code: string) => string): string {
  const words = [chosen.language === 'auto' ? 'Language found by itself' : languageName(chosen.language)];
  if (chosen.translate) words.push('translated into English');
  if (chosen.model !== '') words.push(chosen.model);
  if (!chosen.words) words.push('no word times');
  if (chosen.prompt.trim() !== '' || chosen.hotwords.trim() !== '') words.push('with hints');
  return words.join(', ');
}

function read(): Options {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(SLOT) ?? '{}');
    if (typeof kept !== 'object' || kept === null) return DEFAULTS;
    const fits = Object.entries(kept).filter(([name, value]) => typeof value === typeof DEFAULTS[name as keyof Options]);
    return { ...DEFAULTS, ...(Object.fromEntries(fits) as Partial<Options>) };
  } catch {
    return DEFAULTS;
  }
}
