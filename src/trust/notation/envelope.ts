// A Notation signature of either envelope, read; nothing of it is believed yet.
import { Rejection } from '../evidence/index.ts';
import { envelopeTypes, type NotationEnvelope } from './content.ts';
import { parseCose } from './cose.ts';
import { parseJws } from './jws.ts';

/** Signatures have some ten kilobytes; a megabyte of CBOR can ask for half a second and hundreds of megabytes. */
const largest = 256 << 10;

/** By the media type of the layer. Throws Rejection and CertificateFault. */
export function parseEnvelope(mediaType: string, bytes: Uint8Array): NotationEnvelope {
  if (bytes.byteLength > largest)
    throw new Rejection(
      'signature-too-large',
      `expected a signature of at most ${largest} bytes, got ${bytes.byteLength}`,
    );
  if (mediaType === envelopeTypes.jws) return parseJws(bytes);
  if (mediaType === envelopeTypes.cose) return parseCose(bytes);
  throw new Rejection(
    'signature-malformed',
    `expected ${envelopeTypes.jws} or ${envelopeTypes.cose}, got ${JSON.stringify(mediaType.slice(0, 100))}`,
  );
}
