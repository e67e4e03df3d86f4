// An image as a status shows it: what is wrong with it, worst first, and what could not be decided.
import type { Finding } from '../scan/index.ts';
import type { ImageStatus, RunningFinding } from './statusanswer.ts';
import type { Wanted } from './statusimages.ts';
import type { Scanned } from './statusscan.ts';

export function imageStatus(wanted: Wanted, scanned: Scanned): ImageStatus {
  const platform = wanted.platform === undefined ? {} : { platform: wanted.platform };
  const reference = wanted.references[0] ?? wanted.key.trim();
  if ('problem' in scanned)
    return {
      key: wanted.key,
      reference,
      ...(wanted.digest === undefined ? {} : { digest: wanted.digest }),
      ...platform,
      packages: 0,
      findings: [],
      undecided: wanted.note === undefined ? [] : [wanted.note],
      problem: scanned.problem,
    };
  const { result, packages, notes } = scanned;
  const digest = wanted.digest ?? result.target.indexDigest ?? result.target.digest;
  return {
    key: wanted.key,
    reference: scanned.reference,
    ...(digest === undefined ? {} : { digest }),
    ...(result.target.platform === undefined ? platform : { platform: result.target.platform }),
    packages,
    findings: result.findings.flatMap(shown),
    undecided: [...notes, ...result.undecided],
  };
}

function shown(finding: Finding): RunningFinding[] {
  const { state, severity, fixedIn, id, aliases, advisories, purl, name, version, introducedBy, priority } =
    finding;
  if (state === 'not_affected' || finding.suppressed !== undefined) return [];
  const fixed = fixedIn.find(({ channel }) => channel === undefined)?.version;
  return [
    {
      state,
      id,
      aliases,
      advisories,
      purl,
      name,
      version,
      introducedBy,
      priority,
      level: severity.level,
      ...(fixed === undefined ? {} : { fixed }),
      ...(finding.since === undefined ? {} : { since: finding.since }),
      ...(finding.kev === undefined ? {} : { kev: finding.kev }),
      ...(finding.epss === undefined ? {} : { epss: finding.epss }),
    },
  ];
}
