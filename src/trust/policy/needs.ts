// What a policy wants to know of an image, so that only that is listed and fetched.
import type { Reference } from '../../image/index.ts';
import type { Authority, Format } from '../evidence/index.ts';
import type { ImagePolicy } from './policy.ts';
import { scanResultType, summaryType } from './predicates.ts';
import type { Rule } from './rule.ts';
import { selects } from './select.ts';

export interface Needs {
  /** Rules that select the image. */
  rules: readonly Rule[];
  authorities: readonly Authority[];
  /** Formats of signatures to list. */
  formats: readonly Format[];
  /** Predicate types of attestations to fetch; empty: attestations need not be listed. */
  predicateTypes: readonly string[];
  /** Whether evidence on the resolved index itself is asked for. */
  index: boolean;
  /** Whose own manifests the evidence is asked for: no platform, those the caller runs, or all. */
  platforms: 'none' | 'selected' | 'all';
  /** Whether the configs are read, for `created`. */
  config: boolean;
  /** Whether the base must be known, and authorities whose signatures on it are asked for. */
  base?: { authorities: readonly Authority[] };
}

export function needsOf(
  policy: ImagePolicy,
  reference: Reference,
  labels: Readonly<Record<string, string>>,
): Needs {
  const rules = policy.rules.filter((rule) => selects(rule, reference, labels));
  const named = (names: Iterable<string>) => {
    const wanted = new Set(names);
    return policy.authorities.filter((authority) => wanted.has(authority.name));
  };
  const formats = new Set<Format>();
  const predicateTypes = new Set<string>();
  const authorities = new Set<string>();
  const choices = new Set<string>();
  for (const rule of rules) {
    if (rule.kind === 'signature') {
      for (const format of rule.formats) formats.add(format);
      for (const name of rule.by) authorities.add(name);
      choices.add(rule.platforms);
    } else if (rule.kind === 'attestation') {
      for (const type of rule.predicateTypes) predicateTypes.add(type);
      for (const name of rule.by) authorities.add(name);
      choices.add(rule.platforms);
    } else if (rule.kind === 'vulnerabilities') {
      predicateTypes.add(scanResultType);
      if (rule.summaryBy.length > 0) predicateTypes.add(summaryType);
      for (const name of [...rule.by, ...rule.summaryBy]) authorities.add(name);
      choices.add(rule.platforms);
    }
  }
  const bases = rules.filter((rule) => rule.kind === 'base');
  return {
    rules,
    authorities: named(authorities),
    formats: [...formats],
    predicateTypes: [...predicateTypes],
    index: choices.has('index'),
    platforms: choices.has('allPlatforms') ? 'all' : choices.has('nodePlatforms') ? 'selected' : 'none',
    config: rules.some((rule) => rule.kind === 'age' || rule.kind === 'base'),
    ...(bases.length > 0 ? { base: { authorities: named(bases.flatMap((rule) => rule.by)) } } : {}),
  };
}

const labelsOf = new WeakMap<ImagePolicy, string[]>();

/** Names of the labels that the policy's answer can depend on, sorted: part of a cached verdict's key. */
export function labelsRead(policy: ImagePolicy): string[] {
  let names = labelsOf.get(policy);
  if (names === undefined) {
    const all = [...policy.rules, ...policy.exceptions].flatMap(({ labels }) => Object.keys(labels));
    names = [...new Set(all)].sort();
    labelsOf.set(policy, names);
  }
  return names;
}
