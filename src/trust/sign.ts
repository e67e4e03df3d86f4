// Signs an image or a statement about it, and puts the signature beside it.
import type { KeyObject } from 'node:crypto';
import { formatReference, makeStatement } from '../image/index.ts';
import type { HttpClient } from '../net/index.ts';
import { attach } from './attach.ts';
import { tokenOf } from './certificate/index.ts';
import type { KeySigner } from './key/index.ts';
import { hashOf, signatureArtifactType, signNotation } from './notation/index.ts';
import { pinned, type ResolvedImage } from './place.ts';
import {
  type BundleServices,
  type BundleSigner,
  bundleType,
  cosignSignPredicate,
  predicateHint,
  requestTimestamp,
  signBundle,
} from './sigstore/index.ts';

export interface SignedImage {
  /** Digest of the manifest that holds the signature. */
  manifest: string;
  /** `HOST/REPOSITORY@DIGEST` of what was signed. */
  image: string;
}

/** A Sigstore bundle over an in-toto statement about the image. Throws SigningFault, RemoteFault, NetFault. */
export async function attachStatement(
  image: ResolvedImage,
  predicateType: string,
  predicate: unknown,
  by: BundleSigner,
  services: BundleServices,
  now: number,
): Promise<SignedImage> {
  const { domain, repository } = image.reference;
  const statement = makeStatement(
    formatReference({ domain, repository }),
    image.digest,
    predicateType,
    predicate,
  );
  const payload = await signBundle(statement, by, services);
  const manifest = await attach(image.place, subjectOf(image), {
    artifactType: bundleType,
    mediaType: bundleType,
    payload,
    annotations: {
      'dev.sigstore.bundle.content': 'dsse-envelope',
      [predicateHint]: predicateType,
      'org.opencontainers.image.created': new Date(now).toISOString(),
    },
  });
  return { manifest, image: pinned(image) };
}

/** The signature of the image itself, as cosign 3 makes it. */
export function signWithBundle(
  image: ResolvedImage,
  by: BundleSigner,
  services: BundleServices,
  now: number,
): Promise<SignedImage> {
  return attachStatement(image, cosignSignPredicate, {}, by, services, now);
}

export interface NotationSigner {
  key: KeyObject | KeySigner;
  /** PEM, leaf first, root last. */
  chain: string;
  format: 'jws' | 'cose';
  /** Ms since 1970. */
  expiry?: number;
  /** Address of a timestamp authority. */
  timestamp?: string;
}

/** A Notation signature. Throws NotationFault, RemoteFault, NetFault. */
export async function signWithNotation(
  image: ResolvedImage,
  by: NotationSigner,
  http: HttpClient,
  now: number,
): Promise<SignedImage> {
  const { key, chain, format, expiry, timestamp } = by;
  const signature = await signNotation({
    subject: subjectOf(image),
    chain,
    key: 'signRaw' in key ? (data, algorithm) => key.signRaw(data, hashOf(algorithm)) : key,
    format,
    now,
    ...(expiry === undefined ? {} : { expiry }),
    ...(timestamp === undefined
      ? {}
      : { timestamp: async (bytes: Uint8Array) => tokenOf(await requestTimestamp(http, timestamp, bytes)) }),
  });
  const manifest = await attach(image.place, subjectOf(image), {
    artifactType: signatureArtifactType,
    mediaType: signature.mediaType,
    payload: signature.payload,
    annotations: {
      ...signature.annotations,
      'org.opencontainers.image.created': new Date(now).toISOString(),
    },
  });
  return { manifest, image: pinned(image) };
}

export function subjectOf({
  mediaType,
  digest,
  bytes,
}: Pick<ResolvedImage, 'mediaType' | 'digest' | 'bytes'>) {
  return { mediaType, digest, size: bytes.length };
}
