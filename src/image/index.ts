// What an image is, read from bytes that nobody vouches for. Pure: no I/O.
export { baseLayers, claimedBase } from './base.ts';
export { type HistoryEntry, type ImageConfig, parseConfig } from './config.ts';
export {
  checkDigest,
  type DigestAlgorithm,
  type DigestCheck,
  digestOf,
  isDigest,
  type ParsedDigest,
  parseDigest,
  startDigestCheck,
} from './digest.ts';
export { ImageFault, type ImageFaultCode } from './fault.ts';
export { type LayerLimits, type LayerRead, readLayer } from './layer.ts';
export { type ImageMade, imageOf, layerOf, type MadeFile, type MadeLayer, tarOf } from './made.ts';
export {
  type Descriptor,
  type ImageIndex,
  type ImageManifest,
  isManifestType,
  type Manifest,
  manifestMediaTypes,
  mediaTypes,
  parseDescriptor,
  parseManifest,
} from './manifest.ts';
export {
  bestPlatform,
  formatPlatform,
  hostPlatform,
  normalizePlatform,
  type Platform,
  parsePlatform,
  platformDistance,
} from './platform.ts';
export {
  formatReference,
  isRepository,
  isTag,
  parseReference,
  type Reference,
  registryHost,
  withDefaultTag,
} from './reference.ts';
export { type JsonObject, type Shape, shapeOf } from './shape.ts';
export {
  base64Of,
  type Envelope,
  inTotoType,
  makeStatement,
  parseEnvelope,
  parseStatement,
  preAuthEncoding,
  type Statement,
} from './statement.ts';
export { HEAD_BYTES, type TarEntry, type TarEntryType, TarReader, type TarSink } from './tar.ts';
export { cleanPath, paxRecords, readNumber, readText, verifyChecksum } from './tarheader.ts';
