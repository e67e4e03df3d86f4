// An entry in a transparency log, of whichever version of Rekor.
import type { HttpClient } from '../../net/index.ts';
import type { ToLog } from './entry.ts';
import { addToTiles } from './tiles.ts';
import { addToTrillian } from './trillian.ts';

export interface LogService {
  url: string;
  version: 1 | 2;
}

/** One entry of `tlogEntries`. Throws SigningFault, NetFault. */
export async function addEntry(http: HttpClient, log: LogService, entry: ToLog): Promise<unknown> {
  return log.version === 2 ? addToTiles(http, log.url, entry) : addToTrillian(http, log.url, entry);
}
