// CycloneDX 1.6 with vulnerabilities, and SPDX 2.3 with advisories: findings in the formats of inventories.
import type { Inventory, Package } from '../inventory/index.ts';
import type { Finding, ScanResult } from '../match/index.ts';
import { cycloneDx, type Json, noteOf, PREFIX, refOf, spdx } from '../sbom/index.ts';
import { basisOf } from './basis.ts';

export function formatCycloneDx(result: ScanResult): string {
  const refs = new Map<string, string>();
  result.packages.forEach((item, i) => {
    refs.set(`${item.purl}\n${item.location}`, refOf(item, i));
  });
  const vulnerabilities = result.findings.map((finding) =>
    vulnerability(finding, refs.get(`${finding.purl}\n${finding.location}`) ?? finding.purl),
  );
  const properties = [{ name: `${PREFIX}basis`, value: JSON.stringify(basisOf(result)) }];
  const document = cycloneDx(subjectOf(result), new Date(result.scannedAt), { vulnerabilities, properties });
  return `${JSON.stringify(document, null, 2)}\n`;
}

export function formatSpdx(result: ScanResult): string {
  const urls = new Map<string, Set<string>>();
  for (const finding of result.findings) {
    if (finding.state === 'not_affected' || finding.url === undefined) continue;
    const key = `${finding.purl}\n${finding.location}`;
    urls.set(key, (urls.get(key) ?? new Set()).add(finding.url));
  }
  const advisories = (item: Package) => [...(urls.get(`${item.purl}\n${item.location}`) ?? [])].sort();
  const notes = result.findings.map((finding) =>
    noteOf([
      [
        'finding',
        JSON.stringify({
          id: finding.id,
          purl: finding.purl,
          state: finding.state,
          severity: finding.severity.level,
          fixedIn: finding.fixedIn,
        }),
      ],
    ]),
  );
  notes.push(noteOf([['basis', JSON.stringify(basisOf(result))]]));
  return `${JSON.stringify(spdx(subjectOf(result), new Date(result.scannedAt), advisories, notes), null, 2)}\n`;
}

/** Everything undecided goes along, the database's state included. */
function subjectOf(result: ScanResult) {
  const { distribution } = result;
  const inventory: Inventory = {
    ...(distribution
      ? {
          osRelease: {
            id: distribution.id,
            versionId: distribution.release.replace(/^v/, ''),
            prettyName: distribution.name,
            idLike: [],
          },
        }
      : {}),
    packages: result.packages,
    unattributed: result.executables.unattributed,
    unownedExecutables: result.executables.unowned,
    undecided: result.undecided,
  };
  const { reference, digest } = result.target;
  return { reference, ...(digest ? { digest } : {}), inventory };
}

const methods: Record<string, string> = {
  'CVSS:2': 'CVSSv2',
  'CVSS:3.0': 'CVSSv3',
  'CVSS:3.1': 'CVSSv31',
  'CVSS:4.0': 'CVSSv4',
};

function vulnerability(finding: Finding, ref: string): Json {
  const { severity } = finding;
  const method =
    methods[severity.from?.slice(0, 8) ?? ''] ?? (severity.score === undefined ? 'other' : 'CVSSv2');
  const level = severity.level === 'negligible' ? 'info' : severity.level;
  const fix = finding.fixedIn[0];
  return {
    id: finding.id,
    ...(finding.url ? { source: { url: finding.url } } : {}),
    references: finding.aliases.map((id) => ({
      id,
      source: { url: `https://osv.dev/vulnerability/${encodeURIComponent(id)}` },
    })),
    ratings: [
      {
        ...(severity.source ? { source: { name: severity.source } } : {}),
        ...(severity.score === undefined ? {} : { score: severity.score }),
        severity: level,
        ...(severity.from && severity.score !== undefined ? { method, vector: severity.from } : {}),
      },
    ],
    ...(finding.summary ? { description: finding.summary } : {}),
    ...(fix ? { recommendation: `Upgrade ${finding.name} to ${fix.version} (${fix.advisory})` } : {}),
    ...(finding.published ? { published: finding.published } : {}),
    analysis: analysisOf(finding),
    affects: [{ ref }],
    properties: [
      { name: 'seaworthy:priority', value: String(finding.priority) },
      ...(finding.epss === undefined ? [] : [{ name: 'seaworthy:epss', value: String(finding.epss) }]),
      ...(finding.kev ? [{ name: 'seaworthy:kev', value: finding.kev.added }] : []),
    ],
  };
}

/** CycloneDX's states and justifications, from OpenVEX's. */
const justifications: Record<string, string> = {
  component_not_present: 'code_not_present',
  vulnerable_code_not_present: 'code_not_present',
  vulnerable_code_not_in_execute_path: 'code_not_reachable',
  vulnerable_code_cannot_be_controlled_by_adversary: 'protected_by_mitigating_control',
  inline_mitigations_already_exist: 'protected_by_mitigating_control',
};

function analysisOf(finding: Finding): Json {
  const { suppressed } = finding;
  if (suppressed) {
    const detail = `${suppressed.reason} (${suppressed.author}, until ${suppressed.expires})`;
    if (suppressed.kind === 'accepted') return { state: 'exploitable', response: ['will_not_fix'], detail };
    return { state: 'not_affected', ...justified(suppressed.justification), detail };
  }
  if (finding.state === 'not_affected')
    return { state: 'not_affected', ...justified(finding.justification), detail: finding.reason };
  return finding.state === 'unknown'
    ? { state: 'in_triage', detail: finding.reason }
    : { state: 'in_triage' };
}

function justified(justification: string | undefined): Json {
  const own = justification === undefined ? undefined : justifications[justification];
  return own ? { justification: own } : {};
}
