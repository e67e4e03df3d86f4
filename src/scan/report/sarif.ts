// SARIF 2.1.0 (OASIS), as code scanning services read it: a rule for each flaw, a result for each finding.
import { createHash } from 'node:crypto';
import type { Finding, ScanResult } from '../match/index.ts';
import { basisOf } from './basis.ts';

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

/** Services sort by a number: the middle of a level's band where no score was given. */
const scores: Record<string, number> = {
  critical: 9.5,
  high: 8,
  medium: 5.5,
  low: 2.5,
  negligible: 0.5,
  unknown: 5,
};

export function formatSarif(result: ScanResult): string {
  const rules = new Map<string, { index: number; finding: Finding }>();
  for (const finding of result.findings)
    if (!rules.has(finding.id)) rules.set(finding.id, { index: rules.size, finding });
  const codes = [...new Set(result.undecided.map((entry) => entry.code))];
  const document = {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'Seaworthy',
            version: result.tool.version,
            semanticVersion: result.tool.version,
            informationUri: 'https://seaworthy.dev',
            rules: [...rules.values()].map(({ finding }) => ruleOf(finding)),
            notifications: codes.map((code) => ({
              id: code,
              shortDescription: { text: `Undecided: ${code}.` },
            })),
          },
        },
        invocations: [
          {
            executionSuccessful: true,
            endTimeUtc: result.scannedAt,
            toolExecutionNotifications: result.undecided.map((entry) => ({
              descriptor: { id: entry.code, index: codes.indexOf(entry.code) },
              level: 'warning',
              message: { text: sentence(entry.hint ? `${entry.message} (${entry.hint})` : entry.message) },
            })),
          },
        ],
        automationDetails: { id: `seaworthy/${result.target.reference.replace(/[^\w.:@-]+/g, '/')}/` },
        properties: {
          target: result.target.reference,
          ...(result.target.digest ? { digest: result.target.digest } : {}),
          basis: basisOf(result),
        },
        results: result.findings.map((finding) => resultOf(finding, rules.get(finding.id)!.index)),
        columnKind: 'utf16CodeUnits',
      },
    ],
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function ruleOf(finding: Finding) {
  const score = finding.severity.score ?? scores[finding.severity.level]!;
  return {
    id: finding.id,
    name: 'VulnerablePackage',
    shortDescription: {
      text: sentence(`${finding.id}: ${finding.summary ?? 'a known flaw of an installed package'}`),
    },
    fullDescription: {
      text: sentence(
        `${finding.summary ?? 'A known flaw of an installed package'}. Also known as ${finding.aliases.join(', ') || finding.id}`,
      ),
    },
    ...(finding.url ? { helpUri: finding.url } : {}),
    help: {
      text: sentence(
        `${finding.id}: see ${finding.url ?? 'the advisory'} for what it does and what mends it`,
      ),
    },
    defaultConfiguration: { level: levelOf(finding) },
    properties: {
      'security-severity': score.toFixed(1),
      precision: 'very-high',
      tags: ['security', 'vulnerability', finding.severity.level.toUpperCase()],
    },
  };
}

function resultOf(finding: Finding, ruleIndex: number) {
  const fix = finding.fixedIn[0];
  const mend = fix ? ` Fixed in ${fix.version} (${fix.advisory}).` : ' No fix is known.';
  const state = finding.state === 'affected' ? '' : ` State: ${finding.state} (${finding.reason}).`;
  const { suppressed } = finding;
  return {
    ruleId: finding.id,
    ruleIndex,
    kind: finding.state === 'not_affected' ? 'pass' : finding.state === 'unknown' ? 'open' : 'fail',
    level: finding.state === 'affected' ? levelOf(finding) : 'none',
    message: {
      text: sentence(
        `${finding.name} ${finding.version} has ${finding.id} (${finding.severity.level}).${mend}${state}`,
      ),
    },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: uriOf(finding.location) }, region: { startLine: 1 } },
        logicalLocations: [{ fullyQualifiedName: finding.purl, kind: 'module' }],
      },
    ],
    partialFingerprints: {
      'finding/v1': createHash('sha256')
        .update(`${finding.id}\n${finding.purl}\n${finding.location}`)
        .digest('hex'),
    },
    suppressions: suppressed
      ? [
          {
            kind: 'external',
            status: 'accepted',
            justification: `${suppressed.reason} (${suppressed.author}, until ${suppressed.expires})`,
          },
        ]
      : [],
    properties: {
      purl: finding.purl,
      introducedBy: finding.introducedBy,
      priority: finding.priority,
      ...(finding.epss === undefined ? {} : { epss: finding.epss }),
      ...(finding.kev ? { kev: finding.kev.added } : {}),
    },
  };
}

function levelOf(finding: Finding): 'error' | 'warning' | 'note' {
  const { level } = finding.severity;
  if (level === 'critical' || level === 'high') return 'error';
  return level === 'medium' || level === 'unknown' ? 'warning' : 'note';
}

/** A relative URI of the path inside the image (RFC 3986). */
function uriOf(path: string): string {
  const clean = path === '' ? 'unknown' : path;
  return clean
    .split('/')
    .map((part) => encodeURIComponent(part.toWellFormed()))
    .join('/');
}

/** One line; what a stranger wrote is no link (section 3.11.6). */
function sentence(text: string): string {
  const trimmed = text.slice(0, 1000).toWellFormed().replace(/\s+/g, ' ').replaceAll('](', '] (').trim();
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}
