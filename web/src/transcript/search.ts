/**
 * Finding in a transcript, whatever the case and the accents, across words. No I/O.
 * @module
 */

import type { Piece } from './model';

/** A place in the text: a piece, and a character of it. */
export interface Place {
  piece: number;
  at: number;
}

export interface Match {
  from: Place;
  /** Behind its last character. */
  to: Place;
}

const MOST = 2000;

/** The text made ready to be searched. */
export class Searchable {
  readonly #folded: string;
  /** For each character of the folded text the piece that it is of, and where in that. */
  readonly #pieces: Uint32Array;
  readonly #offsets: Uint32Array;

  constructor(pieces: readonly Piece[]) {
    let folded = '';
    const ofPiece: number[] = [];
    const offsets: number[] = [];
    pieces.forEach(({ lead, text }, piece) => {
      const keep = (character: string, offset: number): void => {
        const plain = fold(character);
        folded += plain;
        for (let index = 0; index < plain.length; index += 1) {
          ofPiece.push(piece);
          offsets.push(offset);
        }
      };
      if (piece > 0 && lead !== '') keep(' ', 0);
      let offset = 0;
      for (const character of text) {
        keep(character, offset);
        offset += character.length;
      }
    });
    this.#folded = folded;
    this.#pieces = Uint32Array.from(ofPiece);
    this.#offsets = Uint32Array.from(offsets);
  }

  /** Where `sought` stands, in order. */
  find(sought: string): Match[] {
    const wanted = fold(sought.trim().replace(/\s+/g, ' '));
    if (wanted === '') return [];
    const matches: Match[] = [];
    for (let at = this.#folded.indexOf(wanted); at >= 0 && matches.length < MOST; at = this.#folded.indexOf(wanted, at + wanted.length)) {
      const last = at + wanted.length - 1;
      matches.push({
        from: { piece: this.#pieces[at]!, at: this.#offsets[at]! },
        to: { piece: this.#pieces[last]!, at: this.#offsets[last]! + 1 },
      });
    }
    return matches;
  }
}

function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}
