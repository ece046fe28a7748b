import type { TranscriptionFields } from '@stenopool/client';

/** The same request for a terminal. */
export function RequestAsCode({ filename, address }: { filename: string; fields: TranscriptionFields; address: string }) {
  return <pre>{`curl -F file=@${filename} ${address}/transcribe`}</pre>;
}
