/** Recordings that no other test makes: 16 kHz mono, a square wave whose pitch is `number`'s. */
export function recording(seconds: number, number: number): Buffer {
  const rate = 16_000;
  const samples = Buffer.alloc(seconds * rate * 2);
  const half = 8 + (number % 600);
  for (let index = 0; index < seconds * rate; index += 1) samples.writeInt16LE(Math.floor(index / half) % 2 === 0 ? 8000 : -8000, 2 * index);
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + samples.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(samples.length, 40);
  return Buffer.concat([head, samples]);
}

export const text = Buffer.from('Milk, eggs, and what else was there?\n'.repeat(40));
