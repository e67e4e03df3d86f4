// One scan, whole: what every report is made from. docs/schema/scan-result.schema.json describes its JSON.
import type { Undecided } from '../../core/index.ts';
import type { SourceInfo } from '../advisory/index.ts';
import type { Inventory, Package } from '../inventory/index.ts';
import type { SourceCoverage } from './coverage.ts';
import type { Finding } from './finding.ts';
import type { FixStep } from './fixes.ts';
import type { Suppression } from './suppressions.ts';

export interface ScannedTarget {
  /** As the user wrote it. */
  target: string;
  kind: 'image' | 'root' | 'sbom';
  /** registry, docker, oci, oci-archive, docker-archive, dir, sbom. */
  from: string;
  reference: string;
  digest?: string;
  indexDigest?: string;
  configDigest?: string;
  /** `linux/amd64`. */
  platform?: string;
  layers: ScannedLayer[];
  /** How many of the lowest layers are the base's, and which base proved it. */
  base?: { reference: string; digest?: string; layers: number };
}

export interface ScannedLayer {
  digest: string;
  diffId: string;
  /** Stored bytes. */
  size: number;
  introducedBy: 'base' | 'app' | 'unknown';
  /** The command that made it, from the config's history. */
  createdBy?: string;
}

export interface DatabaseStatement {
  revision: string;
  isSeed: boolean;
  /** `ageDays` is absent for a source that was never checked. */
  sources: (SourceInfo & { ageDays?: number })[];
}

export interface ScanResult {
  schemaVersion: 1;
  tool: { name: 'seaworthy'; version: string };
  /** ISO 8601. */
  scannedAt: string;
  target: ScannedTarget;
  /** `ecosystem`: base name of its OSV feed, where there is one. */
  distribution?: { id: string; name: string; release: string; ecosystem?: string };
  packages: Package[];
  findings: Finding[];
  plan: FixStep[];
  undecided: Undecided[];
  sources: SourceCoverage[];
  database?: DatabaseStatement;
  executables: { unattributed: Inventory['unattributed']; unowned: number };
  suppressions: { expired: Suppression[]; unused: Suppression[] };
}
