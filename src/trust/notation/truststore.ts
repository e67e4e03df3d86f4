// Notation's trust stores, read from their directories (trust-store-trust-policy.md, Trust store).
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../core/index.ts';
import {
  type Certificate,
  certificatePem,
  parseCertificate,
  parseCertificates,
} from '../certificate/index.ts';
import type { NotationTrustPolicy } from '../evidence/index.ts';
import { NotationFault } from './fault.ts';
import { checkStore, isStoreName, storeTypes } from './store.ts';

const mostFiles = 1000;
const largest = 1 << 20;

/**
 * The certificates of every store that a policy names, by `TYPE:NAME`, as PEM. `directory` is the one of Notation's
 * configuration, which holds `truststore/x509/TYPE/NAME`. Throws NotationFault `trust-store-invalid`.
 */
export async function readTrustStores(
  directory: string,
  policy: NotationTrustPolicy,
): Promise<Record<string, string[]>> {
  const stores: Record<string, string[]> = {};
  const wanted = new Set(policy.trustPolicies.flatMap(({ trustStores = [] }) => trustStores));
  for (const store of wanted) stores[store] = await readStore(directory, store);
  return stores;
}

async function readStore(directory: string, store: string): Promise<string[]> {
  const [type = '', name = ''] = store.split(':');
  if (!storeTypes.some((known) => known === type) || !isStoreName(name))
    throw invalid('a trust store TYPE:NAME', JSON.stringify(store));
  const folder = join(directory, 'truststore', 'x509', type, name);
  const files = await listed(folder, store);
  const certificates: Certificate[] = [];
  for (const file of files) certificates.push(...(await readCertificates(join(folder, file))));
  checkStore(store, certificates);
  return certificates.map(certificatePem);
}

/** Neither the directory nor a file may be a link: what it leads to is not what was put there. */
async function listed(folder: string, store: string): Promise<string[]> {
  try {
    if (!(await lstat(folder)).isDirectory()) throw invalid('a directory (no link)', folder);
    const entries = await readdir(folder, { withFileTypes: true });
    if (entries.length > mostFiles)
      throw invalid(`at most ${mostFiles} files in ${folder}`, `${entries.length}`);
    for (const entry of entries)
      if (!entry.isFile()) throw invalid(`files alone in ${folder} (no links)`, JSON.stringify(entry.name));
    return entries.map(({ name }) => name).sort();
  } catch (cause) {
    if (cause instanceof NotationFault) throw cause;
    throw new NotationFault(
      'trust-store-invalid',
      `expected the trust store ${store} in ${folder}, got ${messageOf(cause)}`,
      {
        cause,
        hint: `Put its certificates there: notation cert add --type ${store.replace(':', ' --store ')} FILE`,
      },
    );
  }
}

/** PEM with one or more certificates, or one in DER. */
async function readCertificates(file: string): Promise<Certificate[]> {
  try {
    const bytes = await readFile(file);
    if (bytes.byteLength > largest) throw invalid(`at most ${largest} bytes`, `${bytes.byteLength}`);
    return bytes.includes('-----BEGIN')
      ? parseCertificates(bytes.toString('latin1'))
      : [parseCertificate(bytes)];
  } catch (cause) {
    throw new NotationFault(
      'trust-store-invalid',
      `expected certificates in ${file}, got ${messageOf(cause)}`,
      { cause },
    );
  }
}

function invalid(expected: string, got: string): NotationFault {
  return new NotationFault('trust-store-invalid', `expected ${expected}, got ${got}`);
}
