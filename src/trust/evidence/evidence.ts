// What lies beside an image, fetched and checked against its digest, and not yet believed.
import type { Descriptor } from '../../image/index.ts';

/** How a signature is written and where it is kept. */
export const formats = ['cosign', 'bundle', 'notation'] as const;

export type Format = (typeof formats)[number];

/** One signature or attestation as a registry gave it. */
export interface Evidence {
  format: Format;
  /** Digest of the manifest that carried it. */
  manifest: string;
  /** Digest of the image (manifest or index) it was found beside: by the manifest's subject, or by the tag's name. */
  subject: string;
  /** Media type of the payload. */
  mediaType: string;
  /** The bytes of the blob, equal to the digest in the manifest. */
  payload: Uint8Array;
  /** Annotations of the layer (cosign keeps its signature there) laid over those of the manifest. */
  annotations: Readonly<Record<string, string>>;
}

/** What every verifier compares the evidence with: the manifest or index that was resolved. */
export type Subject = Pick<Descriptor, 'mediaType' | 'digest' | 'size'>;
