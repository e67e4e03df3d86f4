// A checked document becomes the policy that is judged by: defaults filled in, durations in ms, files in memory.
import type { Authority, Format, KeylessIdentity, TextMatch, TrustedKey } from '../evidence/index.ts';
import type { AuthorityDocument, PolicyDocument, RuleDocument } from './document.ts';
import { dayMs, durationOf } from './duration.ts';
import { certificatesOf, type Material, publicKeyOf } from './material.ts';
import { momentOf } from './moment.ts';
import type { Exception } from './policy.ts';
import { predicateTypesOf } from './predicates.ts';
import type { AttestationRule, BaseRule, Rule, VulnerabilitiesRule } from './rule.ts';

const defaultDatabaseAge = 7 * dayMs;

export function compileAuthority(document: AuthorityDocument, material: Material): Authority {
  const { name, key, keyless, notation } = document;
  const proofs = {
    ...(document.proofs?.log === undefined ? {} : { log: document.proofs.log }),
    ...(document.proofs?.timestamp === undefined ? {} : { timestamp: document.proofs.timestamp }),
  };
  if (key)
    return {
      kind: 'key',
      name,
      ...(key.root === undefined ? {} : { root: key.root }),
      proofs,
      keys: key.keys.map(
        (item): TrustedKey => ({
          pem: publicKeyOf(item.pem ?? material.text(item.file!)).pem,
          ...(item.notBefore === undefined
            ? {}
            : { notBefore: new Date(momentOf(item.notBefore, 'start')).toISOString() }),
          ...(item.notAfter === undefined
            ? {}
            : { notAfter: new Date(momentOf(item.notAfter, 'end')).toISOString() }),
        }),
      ),
    };
  if (keyless)
    return {
      kind: 'keyless',
      name,
      root: keyless.root ?? 'public-good',
      proofs: { log: true, ...proofs },
      identities: keyless.identities.map(
        (item): KeylessIdentity => ({
          issuer: matchOf(item.issuer, item.issuerPattern)!,
          subject: matchOf(item.subject, item.subjectPattern)!,
        }),
      ),
    };
  return compileNotation(name, notation!, material);
}

function compileNotation(
  name: string,
  notation: NonNullable<AuthorityDocument['notation']>,
  material: Material,
): Authority {
  const trustStores: Record<string, string[]> = {};
  for (const { type, name: store, files, pem } of notation.stores) {
    const texts = files?.map((path) => material.text(path)) ?? [pem!];
    const key = `${type}:${store}`;
    trustStores[key] = [...(trustStores[key] ?? []), ...texts.flatMap(certificatesOf)];
  }
  const override: Record<string, 'enforce' | 'log' | 'skip'> = {};
  for (const [check, action] of Object.entries(notation.override ?? {}))
    if (action !== undefined) override[check] = action;
  return {
    kind: 'notation',
    name,
    trustStores,
    trustPolicy: {
      version: '1.0',
      trustPolicies: [
        {
          name,
          // The rule that names this authority says which images it is for.
          registryScopes: ['*'],
          signatureVerification: {
            level: notation.level ?? 'strict',
            ...(Object.keys(override).length > 0 ? { override } : {}),
            ...(notation.verifyTimestamp === undefined ? {} : { verifyTimestamp: notation.verifyTimestamp }),
          },
          trustStores: Object.keys(trustStores),
          trustedIdentities: notation.trustedIdentities,
        },
      ],
    },
  };
}

function matchOf(exact: string | undefined, pattern: string | undefined): TextMatch | undefined {
  if (exact !== undefined) return { exact };
  return pattern === undefined ? undefined : { pattern };
}

export function compileRule(document: RuleDocument, authorities: readonly Authority[]): Rule {
  const frame = {
    name: document.name,
    mode: document.mode ?? 'enforce',
    images: document.images ?? ['**'],
    labels: compileLabels(document.labels),
  } as const;
  const { registries, signature, attestation, vulnerabilities, age, base } = document;
  if (registries) return { ...frame, kind: 'registries', registries };
  if (document.digest) return { ...frame, kind: 'digest' };
  if (signature)
    return {
      ...frame,
      kind: 'signature',
      by: signature.by,
      atLeast: signature.atLeast ?? 1,
      formats: signature.formats ?? formatsOf(signature.by, authorities),
      platforms: signature.platforms ?? 'index',
    };
  if (attestation) return { ...frame, ...compileAttestation(attestation) };
  if (vulnerabilities) return { ...frame, ...compileVulnerabilities(vulnerabilities) };
  if (age) return { ...frame, kind: 'age', max: durationOf(age.max) };
  return { ...frame, ...compileBase(base!) };
}

function compileLabels(
  labels: Readonly<Record<string, string | string[]>> | undefined,
): Record<string, readonly string[]> {
  return Object.fromEntries(
    Object.entries(labels ?? {}).map(([key, value]) => [key, typeof value === 'string' ? [value] : value]),
  );
}

/** Formats that the named authorities can write. */
function formatsOf(by: readonly string[], authorities: readonly Authority[]): Format[] {
  const named = authorities.filter(({ name }) => by.includes(name));
  return [
    ...(named.some(({ kind }) => kind !== 'notation') ? (['cosign', 'bundle'] as const) : []),
    ...(named.some(({ kind }) => kind === 'notation') ? (['notation'] as const) : []),
  ];
}

type Asked<R> = Omit<R, 'name' | 'mode' | 'images' | 'labels'>;

function compileAttestation(rule: NonNullable<RuleDocument['attestation']>): Asked<AttestationRule> {
  const builder = matchOf(rule.builder, rule.builderPattern);
  const source = matchOf(rule.source, rule.sourcePattern);
  const ref = matchOf(rule.ref, rule.refPattern);
  const buildType = matchOf(rule.buildType, rule.buildTypePattern);
  const resource = matchOf(rule.resource, rule.resourcePattern);
  return {
    kind: 'attestation',
    type: rule.type,
    predicateTypes: predicateTypesOf(rule.type)!,
    by: rule.by,
    atLeast: rule.atLeast ?? 1,
    platforms: rule.platforms ?? 'index',
    ...(builder ? { builder } : {}),
    ...(source ? { source } : {}),
    ...(ref ? { ref } : {}),
    ...(buildType ? { buildType } : {}),
    ...(rule.verifier === undefined ? {} : { verifier: { exact: rule.verifier } }),
    ...(resource ? { resource } : {}),
    ...(rule.levels === undefined ? {} : { levels: rule.levels }),
    ...(rule.policyDigest === undefined ? {} : { policyDigest: rule.policyDigest }),
    ...(rule.maxAge === undefined ? {} : { maxAge: durationOf(rule.maxAge) }),
  };
}

function compileVulnerabilities(
  rule: NonNullable<RuleDocument['vulnerabilities']>,
): Asked<VulnerabilitiesRule> {
  return {
    kind: 'vulnerabilities',
    by: rule.by,
    summaryBy: rule.summaryBy ?? [],
    kev: rule.kev ?? false,
    fixable: rule.fixable ?? false,
    maxDatabaseAge: rule.maxDatabaseAge === undefined ? defaultDatabaseAge : durationOf(rule.maxDatabaseAge),
    platforms: rule.platforms ?? 'nodePlatforms',
    ...(rule.severity === undefined ? {} : { severity: rule.severity }),
    ...(rule.epss === undefined ? {} : { epss: rule.epss }),
    ...(rule.priority === undefined ? {} : { priority: rule.priority }),
    ...(rule.publishedFor === undefined ? {} : { publishedFor: durationOf(rule.publishedFor) }),
    ...(rule.grace === undefined ? {} : { grace: durationOf(rule.grace) }),
    ...(rule.unknownSeverity === undefined ? {} : { unknownSeverity: rule.unknownSeverity }),
    ...(rule.maxScanAge === undefined ? {} : { maxScanAge: durationOf(rule.maxScanAge) }),
  };
}

function compileBase(rule: NonNullable<RuleDocument['base']>): Asked<BaseRule> {
  return {
    kind: 'base',
    allowed: rule.allowed ?? [],
    by: rule.by ?? [],
    ...(rule.wait === undefined ? {} : { wait: durationOf(rule.wait) }),
  };
}

export function compileException(
  document: NonNullable<PolicyDocument['spec']['exceptions']>[number],
): Exception {
  const { rule, undecided, images, labels, reason, author, expires } = document;
  return {
    ...(rule === undefined ? {} : { rule }),
    ...(undecided === undefined ? {} : { undecided: undecided as NonNullable<Exception['undecided']> }),
    images,
    labels: compileLabels(labels),
    reason,
    author,
    expires,
  };
}
