import { useMemo } from 'preact/hooks';
import { clock } from '../words/times';
import { type Paragraph, type Piece, type Reading, UNSURE } from './model';

interface TextProps {
  reading: Reading;
  language: string;
  onSeek: (seconds: number) => void;
}

/** The words. They are drawn once: what is said and what is found is marked by hand, since there may be 30,000 of them. */
export function Text({ reading, language, onSeek }: TextProps) {
  return useMemo(() => {
    const seek = (event: Event): void => {
      const target = event.target as HTMLElement;
      const start = target.closest<HTMLElement>('[data-start]')?.dataset['start'];
      // A selection is for copying.
      if (start !== undefined && getSelection()?.isCollapsed !== false) onSeek(Number(start));
    };
    return (
      <div class="text" lang={language} onClick={seek}>
        {reading.paragraphs.map((paragraph) => (
          <Block key={paragraph.first} paragraph={paragraph} />
        ))}
      </div>
    );
  }, [reading, language, onSeek]);
}

function Block({ paragraph }: { paragraph: Paragraph }) {
  return (
    <div class="paragraph">
      <button type="button" class="paragraph-time" data-start={paragraph.start} lang="en" dir="ltr" aria-label={`Play from ${clock(paragraph.start)}`}>
        {clock(paragraph.start)}
      </button>
      <p dir="auto">{paragraph.pieces.map(wordOf)}</p>
    </div>
  );
}

function wordOf({ lead, text, start, probability }: Piece) {
  const isUnsure = probability !== null && probability < UNSURE;
  return (
    <>
      {lead}
      <span class={isUnsure ? 'word unsure' : 'word'} data-start={start} title={isUnsure ? `Recognised with ${Math.round(probability * 100)} % certainty` : undefined}>
        {text}
      </span>
    </>
  );
}
