// Runs the cases of a policy: facts are made from what each case states, and judged as real ones are.
import { createHash } from 'node:crypto';
import { messageOf, nearest, parseJson } from '../../core/index.ts';
import { parseReference } from '../../image/index.ts';
import { type Answer, rejected, type Signed } from '../evidence/index.ts';
import type { CaseFile, PolicyCase, SignatureCase } from './casefile.ts';
import type { ImageFacts, ManifestFacts } from './facts.ts';
import { textOf } from './field.ts';
import { judge } from './judge.ts';
import { Material, type ReadFile } from './material.ts';
import { momentOf } from './moment.ts';
import type { ImagePolicy } from './policy.ts';
import { predicateTypesOf, scanResultType } from './predicates.ts';
import { statedScan } from './scancase.ts';
import type { Verdict } from './verdict.ts';

export interface CaseResult {
  name: string;
  /** What is not as expected, a sentence each; empty: the case passes. */
  problems: string[];
  /** Absent when the case itself cannot be judged. */
  verdict?: Verdict;
}

/** The policy's file that a file of cases is for. */
export function policyOfCases(cases: CaseFile, file: string): string {
  return cases.policy ?? file.replace(/\.test(\.ya?ml)$/, '$1').replace(/^.*[\\/]/, '');
}

/**
 * Judges every case. `file` is the file of cases, to which paths in it are relative; `now`, ms since 1970, is for
 * cases that name no time of their own.
 */
export function runCases(
  policy: ImagePolicy,
  cases: CaseFile,
  file: string,
  readFile: ReadFile,
  now: number,
): CaseResult[] {
  const material = new Material(file, readFile);
  const common = cases.now === undefined ? now : momentOf(cases.now, 'start');
  return cases.cases.map((item) => {
    try {
      const at = item.now === undefined ? common : momentOf(item.now, 'start');
      const facts = factsOf(policy, item, material, at);
      const verdict = judge(policy, facts, at, item.release ? 'release' : 'admission');
      return { name: item.name, problems: compare(item, verdict), verdict };
    } catch (error) {
      return { name: item.name, problems: [messageOf(error)] };
    }
  });
}

function compare(item: PolicyCase, verdict: Verdict): string[] {
  const problems: string[] = [];
  if (verdict.decision !== item.expect) {
    const why = verdict.rules
      .filter(({ outcome }) => outcome !== 'met')
      .map(({ rule, outcome, code, found }) => `${rule} ${outcome} (${code}): ${found}`);
    problems.push(
      `expected ${item.expect}, got ${verdict.decision}${why.length > 0 ? `: ${why.join('; ')}` : ''}`,
    );
  }
  const names = verdict.rules.map(({ rule }) => rule);
  for (const [name, expected] of Object.entries(item.rules ?? {})) {
    const outcome = verdict.rules.find(({ rule }) => rule === name);
    if (outcome === undefined) {
      const right = nearest(name, names);
      problems.push(
        `expected the rule ${name} to be judged, got ${names.join(', ')}${right ? `; did you mean ${right}?` : ''}`,
      );
    } else if (expected !== outcome.outcome && expected !== outcome.code)
      problems.push(
        `expected ${name} ${expected}, got ${outcome.outcome}${outcome.code ? ` (${outcome.code}): ${outcome.found}` : ''}`,
      );
  }
  return problems;
}

function factsOf(policy: ImagePolicy, item: PolicyCase, material: Material, now: number): ImageFacts {
  const reference = parseReference(item.image);
  const files = (item.scans ?? []).map(({ file }) =>
    file === undefined ? undefined : parseJson(material.text(file)),
  );
  const digest =
    reference.digest ??
    files.map((file) => textOf(file, 'target', 'digest')).find((found) => found !== undefined) ??
    digestFor(item.image);
  const named = new Set(policy.authorities.map(({ name }) => name));
  const known = (by: string) => {
    if (named.has(by)) return by;
    const right = nearest(by, [...named]);
    throw new Error(
      `there is no authority ${JSON.stringify(by)}${right ? `, did you mean "${right}"?` : ''}`,
    );
  };
  const answers: Answer[] = [
    ...(item.signatures ?? []).map((signature) =>
      answerOf(policy, { ...signature, by: known(signature.by) }),
    ),
    ...(item.attestations ?? []).flatMap(({ by, type, signer, predicate, file }) => {
      const types = predicateTypesOf(type);
      if (types === undefined) throw new Error(`expected a type of attestation, got ${JSON.stringify(type)}`);
      const said = file === undefined ? predicate : parseJson(material.text(file));
      return signed(policy, known(by), signer, { predicateType: types[0]!, predicate: said });
    }),
    ...(item.scans ?? []).map((scan, i) =>
      signed(policy, known(scan.by), undefined, {
        predicateType: scanResultType,
        predicate: files[i] ?? statedScan(scan, digest, now),
      }),
    ),
  ];
  const unlisted = (item.unlisted ?? []).map((format) => ({
    format,
    code: 'registry-failed',
    message: 'stated by the case',
  }));
  const manifest: ManifestFacts = {
    digest,
    platform: 'linux/amd64',
    answers,
    unlisted,
    ...(item.created === undefined ? {} : { created: momentOf(item.created, 'start') }),
    ...(item.base === undefined ? {} : { base: baseOf(policy, item.base, known) }),
  };
  return {
    reference,
    given: reference.digest === undefined ? 'tag' : 'digest',
    digest,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    labels: item.labels ?? {},
    platforms: [manifest],
  };
}

function baseOf(
  policy: ImagePolicy,
  { name, since, signatures }: NonNullable<PolicyCase['base']>,
  known: (by: string) => string,
): NonNullable<ManifestFacts['base']> {
  return {
    name,
    ...(since === undefined ? {} : { since: momentOf(since, 'start') }),
    answers: (signatures ?? []).map((signature) =>
      answerOf(policy, { ...signature, by: known(signature.by) }),
    ),
    unlisted: [],
  };
}

function answerOf(policy: ImagePolicy, { by, format, signer, rejected: code }: SignatureCase): Answer {
  const isNotation = policy.authorities.find(({ name }) => name === by)?.kind === 'notation';
  const usual = isNotation ? 'notation' : 'bundle';
  if (code === undefined) return { ...signed(policy, by, signer), format: format ?? usual };
  const about = { format: format ?? usual, manifest: digestFor(`${by} ${code}`), authority: by };
  return rejected(about, code, `${code}, stated by the case`);
}

function signed(
  policy: ImagePolicy,
  by: string,
  signer: string | undefined,
  attestation?: NonNullable<Signed['attestation']>,
): Signed {
  const kind = policy.authorities.find(({ name }) => name === by)?.kind;
  const name = signer ?? by;
  return {
    ok: true,
    format: kind === 'notation' ? 'notation' : 'bundle',
    manifest: digestFor(`${by} ${name} ${attestation?.predicateType}`),
    authority: by,
    signer:
      kind === 'keyless'
        ? { kind, issuer: 'stated by the case', subject: name }
        : kind === 'notation'
          ? { kind, subject: name, fingerprint: digestFor(name) }
          : { kind: 'key', fingerprint: digestFor(name) },
    times: [],
    ...(attestation === undefined ? {} : { attestation }),
  };
}

function digestFor(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
