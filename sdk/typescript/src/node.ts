/**
 * What only Node has: recordings on its disk.
 * @module
 */

import { openAsBlob } from 'node:fs';
import { basename } from 'node:path';

/** A recording on the disk, read only while it is sent. Its name is the path's last part. */
export async function fileFromPath(path: string): Promise<File> {
  return new File([await openAsBlob(path)], basename(path));
}
