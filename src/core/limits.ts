// Every bound on hostile input, in one place; docs/limits.md lists them and a test compares.

export const defaultLimits = {
  /** Bytes of a manifest, index or config that is read into memory. */
  manifestBytes: 4 << 20,
  /** Layers in one image. */
  layers: 1024,
  /** Uncompressed bytes of one layer. */
  layerBytes: 64 * 2 ** 30,
  /** Entries in one layer, or files in one root file system. */
  layerEntries: 10_000_000,
  /** Uncompressed bytes a layer may have for each stored byte, once it is larger than `inflateFreeBytes`. */
  inflateRatio: 300,
  /** Uncompressed bytes of a layer that are read whatever the ratio. */
  inflateFreeBytes: 4 * 2 ** 30,
  /** Bytes of one path inside an archive. */
  pathBytes: 16 << 10,
  /** Bytes of a package database or package file that is parsed. */
  packageFileBytes: 256 << 20,
  /** Bytes of a JSON or text document that names one package. */
  documentBytes: 16 << 20,
  /** Levels of nesting in a JSON document. */
  jsonDepth: 200,
  /** Bytes of one file that is looked into; a larger one is named and passed by. */
  examinedBytes: 2 ** 31,
  /** Bytes of a jar that is examined. */
  archiveBytes: 2 ** 31,
  /** Levels of archives within archives. */
  archiveDepth: 8,
  /** Entries of one archive within a layer. */
  archiveEntries: 500_000,
  /** Uncompressed bytes read out of one archive, nested ones included. */
  archiveInflatedBytes: 1 << 30,
  /** Packages in one layer. */
  packages: 1_000_000,
  /** Files that one package database says its packages own. */
  ownedFiles: 2_000_000,
  /** Bytes of a file that is kept in memory while it is examined; larger ones are spooled to the home. */
  memoryFileBytes: 8 << 20,
  /** Records of one advisory feed. */
  feedRecords: 10_000_000,
  /** Bytes of a feed's list, of one record, of EPSS or of KEV, uncompressed. */
  feedTextBytes: 1 << 29,
  /** Bytes of a feed's archive. */
  feedArchiveBytes: 2 ** 34,
  /** Uncompressed bytes of all records in a feed's archive. */
  feedInflatedBytes: 2 ** 37,
  /** Malformed records of a feed that are named; more are only counted. */
  feedProblems: 1000,
  /** Ids that are taken to be the same flaw. */
  aliases: 1000,
  /** Characters of a version; a longer one cannot be ordered. */
  versionLength: 1000,
  /** Entries of the list of what refers to one image. */
  referrers: 2000,
  /** Signatures and attestations of one image and format that are fetched. */
  signatures: 100,
  /** Bytes of one signature or attestation. */
  signatureBytes: 32 << 20,
  /** Bytes of all signatures and attestations of one image. */
  evidenceBytes: 128 << 20,
  /** Rows of one answer of the ledger's database. */
  ledgerRows: 1_000_000,
  /** Bytes of one answer of the ledger's database. */
  ledgerBytes: 256 << 20,
  /** Bytes of one value in the ledger. */
  ledgerValueBytes: 64 << 20,
  /** Bytes of a certificate revocation list. */
  crlBytes: 32 << 20,
} as const;

export type Limits = { readonly [K in keyof typeof defaultLimits]: number };
