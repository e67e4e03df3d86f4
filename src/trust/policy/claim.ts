// A scan result as somebody else's statement: only what a rule reads of it, checked for shape.
import { z } from 'zod';
import type { Finding, Suppressed } from '../../scan/match/index.ts';

const severity = z.looseObject({
  level: z.enum(['critical', 'high', 'medium', 'low', 'negligible', 'unknown']),
  score: z.number().optional(),
});

const time = z.string().refine((text) => !Number.isNaN(Date.parse(text)));

const finding = z
  .looseObject({
    id: z.string().min(1),
    aliases: z.array(z.string()),
    purl: z.string(),
    name: z.string(),
    version: z.string(),
    location: z.string(),
    introducedBy: z.enum(['base', 'app', 'unknown']),
    severity,
    fixedIn: z.array(z.looseObject({ version: z.string(), channel: z.string().optional() })),
    published: time.optional(),
    since: time.optional(),
    epss: z.number().optional(),
    kev: z.looseObject({ added: z.string(), ransomware: z.boolean() }).optional(),
    state: z.enum(['affected', 'not_affected', 'unknown']),
    reason: z.string().optional(),
  })
  // An unknown flaw without its reason, or a dismissed one, would be silence.
  .refine((item) => item.state === 'affected' || item.reason !== undefined);

const result = z.looseObject({
  schemaVersion: z.literal(1),
  scannedAt: time,
  target: z.looseObject({ kind: z.literal('image'), digest: z.string() }),
  findings: z.array(finding),
  undecided: z.array(
    z.looseObject({
      code: z.string().min(1),
      message: z.string(),
      subject: z.string().optional(),
      hint: z.string().optional(),
    }),
  ),
  sources: z.array(z.looseObject({ ecosystem: z.string() })),
  database: z
    .looseObject({
      sources: z.array(z.looseObject({ name: z.string(), ageDays: z.number().optional() })),
    })
    .optional(),
});

export interface ScanClaim {
  /** Ms since 1970. */
  scannedAt: number;
  digest: string;
  /** As found: what the scanner's own list set aside is open again. */
  findings: readonly Finding[];
  undecided: readonly { code: string; message: string; subject?: string; hint?: string }[];
  /** Names of the advisory sources that packages were judged by: `Debian`, `npm`. */
  used: readonly string[];
  /** Days since each source was checked, at the time of the scan; no entry: the source was not there. */
  ages: ReadonlyMap<string, number | undefined>;
}

/** Undefined when the value is no scan result. */
export function readClaim(value: unknown): ScanClaim | undefined {
  const read = result.safeParse(value);
  if (!read.success) return undefined;
  const { scannedAt, target, findings, undecided, sources, database } = read.data;
  return {
    scannedAt: Date.parse(scannedAt),
    digest: target.digest,
    // The refinements above make these Findings; what no rule reads is as the scanner wrote it.
    findings: findings.map((item) => withoutSuppression(item as unknown as Finding)),
    undecided: undecided as ScanClaim['undecided'],
    used: [...new Set(sources.map(({ ecosystem }) => ecosystem.split(':')[0]!))],
    ages: new Map((database?.sources ?? []).map(({ name, ageDays }) => [name, ageDays])),
  };
}

function withoutSuppression(finding: Finding): Finding {
  const { suppressed: _, ...open } = finding as Finding & { suppressed?: Suppressed };
  return open as Finding;
}
