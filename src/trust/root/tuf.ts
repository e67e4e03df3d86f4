// Sigstore's trusted root by TUF: fetched rarely, kept in the home, usable without a network (The Update Framework
// 1.0, section 5; rollback, freeze and mix-and-match are tuf-js's to refuse, and tested here).
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../../core/index.ts';
import type { HttpClient } from '../../net/index.ts';
import { RootFault } from './fault.ts';
import { parseTrustedRoot } from './trustedroot.ts';

export interface TufSource {
  /** Address of the repository. */
  mirror: string;
  /** Text of the root.json that trust begins with. */
  root: string;
  /** Directory that this repository's metadata is kept in. */
  dir: string;
}

const target = 'trusted_root.json';

/** Fetches what is new and gives the trusted root's text. Throws RootFault `trust-update-failed`. */
export async function updateTrustedRoot({ mirror, root, dir }: TufSource, http: HttpClient): Promise<string> {
  const metadata = join(dir, 'metadata');
  const targets = join(dir, 'targets');
  mkdirSync(metadata, { recursive: true });
  mkdirSync(targets, { recursive: true });
  if (!existsSync(join(metadata, 'root.json'))) writeWhole(join(metadata, 'root.json'), root);
  try {
    // loaded on use: start-up is a promise
    const [{ Updater }, { DownloadHTTPError }] = await Promise.all([
      import('tuf-js'),
      import('tuf-js/dist/error.js'),
    ]);
    const base = mirror.replace(/\/+$/, '');
    const updater = new Updater({
      metadataDir: metadata,
      metadataBaseUrl: base,
      targetDir: targets,
      targetBaseUrl: `${base}/targets`,
      fetcher: fetcherOf(http, DownloadHTTPError),
    });
    await updater.refresh();
    const info = await updater.getTargetInfo(target);
    if (info === undefined) throw new Error(`the repository has no ${target}`);
    const path = (await updater.findCachedTarget(info)) ?? (await updater.downloadTarget(info));
    const text = readFileSync(path, 'utf8');
    parseTrustedRoot(text);
    writeWhole(join(dir, target), text);
    const now = new Date();
    utimesSync(join(dir, target), now, now);
    return text;
  } catch (cause) {
    throw new RootFault(
      'trust-update-failed',
      `expected a trusted root from ${mirror}, got: ${messageOf(cause)}`,
      {
        cause,
        hint: 'The trust root at hand stays in use. Check the network, or name a file with --trust-root.',
      },
    );
  }
}

/** The trusted root as it was last fetched, and when (ms since 1970). */
export function keptTrustedRoot(dir: string): { text: string; at: number } | undefined {
  const path = join(dir, target);
  if (!existsSync(path)) return undefined;
  return { text: readFileSync(path, 'utf8'), at: statSync(path).mtimeMs };
}

/** tuf-js asks for files and bytes; both come through the guarded client, bounded. */
function fetcherOf(http: HttpClient, HttpError: new (message: string, status: number) => Error) {
  const bytes = async (url: string, maxLength: number): Promise<Buffer> => {
    const response = await http.request({
      url,
      maxBytes: maxLength,
      timeouts: { connect: 5000, headers: 10_000, body: 10_000 },
      retries: 1,
    });
    if (response.status === 200) return response.bytes(maxLength);
    await response.discard();
    // a missing file is how tuf-js knows that there is no newer root
    throw new HttpError(`status ${response.status}`, response.status);
  };
  return {
    downloadBytes: bytes,
    async downloadFile<Value>(
      url: string,
      maxLength: number,
      handler: (file: string) => Promise<Value>,
    ): Promise<Value> {
      const dir = mkdtempSync(join(tmpdir(), 'seaworthy-tuf-'));
      try {
        const file = join(dir, 'download');
        writeFileSync(file, await bytes(url, maxLength));
        return await handler(file);
      } finally {
        rmSync(dir, { recursive: true, force: true });
      }
    },
  };
}

function writeWhole(path: string, text: string): void {
  const beside = `${path}.${process.pid}.tmp`;
  writeFileSync(beside, text);
  renameSync(beside, path);
}
