// What is known of one image when it is judged: resolved, listed and verified by others; no clock, no network here.
import type { Reference } from '../../image/index.ts';
import type { ScanResult } from '../../scan/match/index.ts';
import type { Answer, Format } from '../evidence/index.ts';

/** Evidence that could not be listed or fetched: whatever it would have said is open. */
export interface Unlisted {
  /** `attestation`: attestations of every format. */
  format: Format | 'attestation';
  /** The fault's code, `registry-failed`. */
  code: string;
  message: string;
}

/** The image that this one was built on, as far as it is known. */
export interface BaseFacts {
  /** `HOST/REPOSITORY[:TAG]`. */
  name: string;
  digest?: string;
  /** Ms since 1970 at which this digest of the base was first seen, or made. */
  since?: number;
  /** What verification says of the base's own signatures; absent: they were not asked for. */
  answers?: readonly Answer[];
  unlisted?: readonly Unlisted[];
}

/** One manifest or index with what lies beside it. */
export interface ManifestFacts {
  digest: string;
  /** `linux/amd64`. */
  platform?: string;
  /** The config's `created`, ms since 1970. */
  created?: number;
  /** Why the config could not be read; absent: it was, or nobody asked. */
  configProblem?: string;
  base?: BaseFacts;
  answers: readonly Answer[];
  unlisted: readonly Unlisted[];
  /** Scan results that the user gave by file, and so vouches for. */
  scanFiles?: readonly ScanResult[];
}

export interface ImageFacts {
  reference: Reference;
  /** How the caller named the image. */
  given: 'tag' | 'digest';
  /** What the name was resolved to, once; empty while nobody looked. */
  digest: string;
  mediaType: string;
  /** Given by the caller: namespace, environment. */
  labels: Readonly<Record<string, string>>;
  /** The resolved index; absent: the resolved digest is the one manifest in `platforms`. */
  index?: ManifestFacts;
  /** Every platform manifest of the index, also where no rule asks for its evidence: a revocation may name it. */
  platforms: readonly ManifestFacts[];
  /** Digests among `platforms` that the caller runs or asks for; absent: all. */
  selected?: readonly string[];
  /** Why `platforms` are not all of the index; absent: they are. */
  incomplete?: string;
}
