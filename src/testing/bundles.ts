// Signatures for tests of verification: made by the product's own signing with the services of a test's Sigstore, and then
// changed, one thing at a time.
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { TestContext } from 'node:test';
import { makeStatement } from '../image/index.ts';
import { createClient } from '../net/index.ts';
import type { Evidence, KeyAuthority, KeylessAuthority, Subject } from '../trust/evidence/index.ts';
import { localSigner, publicPem } from '../trust/key/index.ts';
import { parseTrustedRoot } from '../trust/root/index.ts';
import {
  type BundleServices,
  type BundleSigner,
  bundleType,
  cosignSignPredicate,
  type SigstoreMaterial,
  signBundle,
} from '../trust/sigstore/index.ts';
import {
  type SigstoreOptions,
  startSigstore,
  type TestSigstore,
  type TrustedRootChange,
} from './sigstore.ts';

export const image: Subject = {
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  digest: `sha256:${'a'.repeat(64)}`,
  size: 2,
};
export const issuer = 'https://issuer.testing';
export const person = 'builder@example.com';

/** A bundle as JSON, to be changed. */
// biome-ignore lint/suspicious/noExplicitAny: tests reach into the document wherever they like
export type BundleDocument = any;

export interface Bench {
  sigstore: TestSigstore;
  key: KeyObject;
  /** Keyless, with log version 1 unless told otherwise. */
  keyless(options?: Partial<MakeOptions>): Promise<BundleDocument>;
  keyed(options?: Partial<MakeOptions>): Promise<BundleDocument>;
  material(change?: TrustedRootChange): SigstoreMaterial;
}

export interface MakeOptions {
  digest: string;
  predicateType: string;
  predicate: unknown;
  log: 1 | 2 | 'none';
  timestamp: boolean;
  subject: string;
}

export async function startBench(
  context: Pick<TestContext, 'after'>,
  options: SigstoreOptions = {},
): Promise<Bench> {
  const sigstore = await startSigstore(context, options);
  const http = createClient({ env: {} });
  context.after(() => http.close());
  const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const make = async (by: BundleSigner, wanted: Partial<MakeOptions>) => {
    const {
      digest = image.digest,
      predicateType = cosignSignPredicate,
      predicate = {},
      log = 1,
      timestamp = false,
    } = wanted;
    const services: BundleServices = {
      http,
      ...(log === 'none'
        ? {}
        : { log: { url: log === 1 ? sigstore.rekor1 : sigstore.rekor2, version: log } }),
      ...(timestamp ? { timestamp: sigstore.tsa } : {}),
    };
    return JSON.parse(
      (
        await signBundle(makeStatement('example.com/app', digest, predicateType, predicate), by, services)
      ).toString(),
    );
  };
  return {
    sigstore,
    key,
    keyless: (wanted = {}) =>
      make(
        {
          identityToken: sigstore.token({ iss: issuer, email: wanted.subject ?? person }),
          fulcio: sigstore.fulcio,
        },
        wanted,
      ),
    keyed: (wanted = {}) => make({ key: localSigner(key) }, { log: 'none', ...wanted }),
    material: (change) => ({
      subject: image,
      root: parseTrustedRoot(sigstore.root(change)),
      now: (options.clock ?? Date.now)(),
    }),
  };
}

export function bundleEvidence(document: BundleDocument): Evidence {
  return {
    format: 'bundle',
    manifest: `sha256:${'b'.repeat(64)}`,
    subject: image.digest,
    mediaType: bundleType,
    payload: Buffer.from(JSON.stringify(document)),
    annotations: {},
  };
}

export function keyAuthority(key: KeyObject, more: Partial<KeyAuthority> = {}): KeyAuthority {
  const pem = publicPem(key.type === 'private' ? createPublicKey(key) : key);
  return { kind: 'key', name: 'build', keys: [{ pem }], proofs: {}, ...more };
}

export function keylessAuthority(more: Partial<KeylessAuthority> = {}): KeylessAuthority {
  return {
    kind: 'keyless',
    name: 'people',
    identities: [{ issuer: { exact: issuer }, subject: { exact: person } }],
    root: 'public-good',
    proofs: {},
    ...more,
  };
}
