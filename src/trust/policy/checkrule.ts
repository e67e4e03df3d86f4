// What is wrong with a rule of a policy: several kinds in one, signers nobody knows, thresholds nobody can reach.

import type { AuthorityDocument, RuleDocument } from './document.ts';
import { checkImage, checkLabels, meant, type Path, type Report } from './mistake.ts';
import { identityProblem } from './pattern.ts';
import { attestationNames, predicateTypesOf, provenanceTypes, summaryType } from './predicates.ts';

export const kinds = [
  'registries',
  'digest',
  'signature',
  'attestation',
  'vulnerabilities',
  'age',
  'base',
] as const;

export function checkRule(
  rule: RuleDocument,
  path: Path,
  authorities: readonly AuthorityDocument[],
  capacities: ReadonlyMap<string, ReadonlySet<string> | 'many'>,
  report: Report,
): void {
  const found = kinds.filter((kind) => rule[kind] !== undefined);
  if (found.length !== 1)
    report(
      path,
      `expected one of ${kinds.join(', ')}, got ${found.length === 0 ? 'none' : found.join(' and ')}`,
    );
  for (const [i, pattern] of (rule.images ?? []).entries())
    checkImage(pattern, true, [...path, 'images', i], report);
  for (const [i, pattern] of (rule.registries ?? []).entries())
    checkImage(pattern, false, [...path, 'registries', i], report);
  for (const [i, pattern] of (rule.base?.allowed ?? []).entries())
    checkImage(pattern, false, [...path, 'base', 'allowed', i], report);
  checkLabels(rule.labels, path, report);
  const known = authorities.map(({ name }) => name);
  for (const [kind, names] of [
    [['signature', 'by'], rule.signature?.by],
    [['attestation', 'by'], rule.attestation?.by],
    [['vulnerabilities', 'by'], rule.vulnerabilities?.by],
    [['vulnerabilities', 'summaryBy'], rule.vulnerabilities?.summaryBy],
    [['base', 'by'], rule.base?.by],
  ] as const)
    for (const [i, name] of (names ?? []).entries())
      if (!known.includes(name))
        report([...path, ...kind, i], `there is no authority ${JSON.stringify(name)}${meant(name, known)}`);
  checkAttesting(rule, path, authorities, report);
  checkFormats(rule, path, authorities, report);
  for (const kind of ['signature', 'attestation'] as const)
    checkThreshold(rule[kind], [...path, kind], capacities, report);
  if (rule.attestation) checkAttestation(rule.attestation, [...path, 'attestation'], report);
  const { vulnerabilities: v, base } = rule;
  if (v && v.severity === undefined && v.kev !== true && v.epss === undefined && v.priority === undefined)
    report(
      [...path, 'vulnerabilities'],
      'expected at least one of severity, kev, epss and priority: else no finding would ever count',
    );
  if (base && base.allowed === undefined && base.by === undefined && base.wait === undefined)
    report([...path, 'base'], 'expected at least one of allowed, by and wait');
}

function checkAttesting(
  rule: RuleDocument,
  path: Path,
  authorities: readonly AuthorityDocument[],
  report: Report,
): void {
  const notation = new Set(authorities.filter((item) => item.notation !== undefined).map(({ name }) => name));
  for (const [kind, key, names] of [
    ['attestation', 'by', rule.attestation?.by],
    ['vulnerabilities', 'by', rule.vulnerabilities?.by],
    ['vulnerabilities', 'summaryBy', rule.vulnerabilities?.summaryBy],
  ] as const)
    for (const [i, name] of (names ?? []).entries())
      if (notation.has(name))
        report(
          [...path, kind, key, i],
          `${JSON.stringify(name)} signs as notation, which has no attestations: name a key or a keyless authority`,
        );
}

/** A format that none of the authorities writes could never be met; an authority left without one never counts. */
function checkFormats(
  { signature }: RuleDocument,
  path: Path,
  authorities: readonly AuthorityDocument[],
  report: Report,
): void {
  if (signature?.formats === undefined) return;
  for (const [i, name] of signature.by.entries()) {
    const authority = authorities.find((item) => item.name === name);
    if (authority === undefined) continue;
    const writes = authority.notation ? ['notation'] : ['cosign', 'bundle'];
    if (!signature.formats.some((format) => writes.includes(format)))
      report(
        [...path, 'signature', 'by', i],
        `${JSON.stringify(name)} signs as ${writes.join(' or ')}, which formats does not name`,
      );
  }
}

function checkThreshold(
  asked: { by: string[]; atLeast?: number | undefined } | undefined,
  path: Path,
  capacities: ReadonlyMap<string, ReadonlySet<string> | 'many'>,
  report: Report,
): void {
  if (asked?.atLeast === undefined) return;
  const signers = new Set<string>();
  for (const name of asked.by) {
    const capacity = capacities.get(name);
    if (capacity === undefined || capacity === 'many') return;
    for (const signer of capacity) signers.add(signer);
  }
  if (signers.size < asked.atLeast)
    report(
      [...path, 'atLeast'],
      `expected at most ${signers.size}, the distinct signers there can be, got ${asked.atLeast}`,
    );
}

const provenanceKeys = ['builder', 'source', 'ref', 'buildType'] as const;

function checkAttestation(rule: NonNullable<RuleDocument['attestation']>, path: Path, report: Report): void {
  const types = predicateTypesOf(rule.type);
  if (types === undefined)
    report(
      [...path, 'type'],
      `expected ${attestationNames.join(', ')} or a type's URI, got ${JSON.stringify(rule.type)}${meant(rule.type, attestationNames)}`,
    );
  const isProvenance = types?.every((type) => (provenanceTypes as readonly string[]).includes(type)) ?? true;
  const isSummary = types?.every((type) => type === summaryType) ?? true;
  for (const key of [...provenanceKeys, 'resource'] as const) {
    const exact = rule[key];
    const pattern = rule[`${key}Pattern`];
    if (exact !== undefined && pattern !== undefined)
      report([...path, key], `expected ${key} or ${key}Pattern, got both`);
    for (const [name, value] of [
      [key, exact],
      [`${key}Pattern`, pattern],
    ] as const) {
      if (value === undefined) continue;
      if (key === 'resource' ? !isSummary : !isProvenance)
        report(
          [...path, name],
          `${name} is asked of ${key === 'resource' ? 'vsa' : 'slsaprovenance'} only, not of ${rule.type}`,
        );
      const problem = identityProblem(value, name !== key);
      if (problem !== undefined) report([...path, name], problem);
    }
  }
  for (const key of ['verifier', 'levels', 'policyDigest'] as const)
    if (rule[key] !== undefined && !isSummary)
      report([...path, key], `${key} is asked of vsa only, not of ${rule.type}`);
}
