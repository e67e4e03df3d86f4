// What a schema cannot say of a policy: names that must exist, thresholds that can be reached, patterns that narrow.
import type { z } from 'zod';
import { messageOf, undecidedCodes } from '../../core/index.ts';
import { parsePurl } from '../../scan/package/index.ts';
import { type RejectionCode, rejected, rejections } from '../evidence/index.ts';
import { checkAuthority } from './checkauthority.ts';
import { checkRule } from './checkrule.ts';
import type { PolicyDocument } from './document.ts';
import type { Material } from './material.ts';
import { checkImage, checkLabels, meant, type Report } from './mistake.ts';

/** Undecided reasons that no exception lifts: they are the absence of any rule to let something past. */
const fixedCodes = ['no-rule', 'not-in-time'];

export function checkPolicy(document: PolicyDocument, context: z.RefinementCtx, material: Material): void {
  const report: Report = (path, message) =>
    context.addIssue({ code: 'custom', path: ['spec', ...path], message });
  const { spec } = document;
  for (const [i, pattern] of (spec.registries ?? []).entries())
    checkImage(pattern, false, ['registries', i], report);
  checkRoots(spec, report, material);
  checkNames(spec.authorities ?? [], ['authorities'], report);
  const capacities = new Map<string, ReadonlySet<string> | 'many'>();
  for (const [i, authority] of (spec.authorities ?? []).entries())
    capacities.set(
      authority.name,
      checkAuthority(authority, ['authorities', i], spec.roots ?? [], report, material),
    );
  checkNames(spec.rules ?? [], ['rules'], report);
  for (const [i, rule] of (spec.rules ?? []).entries())
    checkRule(rule, ['rules', i], spec.authorities ?? [], capacities, report);
  checkDigests(spec, report);
  checkSuppressions(spec, report);
  checkExceptions(spec, report);
}

function checkNames(
  items: readonly { name: string }[],
  path: readonly (string | number)[],
  report: Report,
): void {
  const seen = new Set<string>();
  for (const [i, { name }] of items.entries()) {
    if (seen.has(name))
      report([...path, i, 'name'], `expected each name once, got ${JSON.stringify(name)} twice`);
    if (name.startsWith('spec.')) report([...path, i, 'name'], 'names beginning with "spec." are taken');
    seen.add(name);
  }
}

function checkRoots({ roots = [] }: PolicyDocument['spec'], report: Report, material: Material): void {
  checkNames(roots, ['roots'], report);
  for (const [i, root] of roots.entries()) {
    const path = ['roots', i];
    if (root.name === 'public-good')
      report([...path, 'name'], 'public-good is the name of the public instance');
    if ([root.file, root.json, root.tuf].filter((source) => source !== undefined).length !== 1)
      report(path, 'expected file, json or tuf, one of them');
    if (root.tuf !== undefined && (root.tuf.root === undefined) === (root.tuf.json === undefined))
      report([...path, 'tuf'], 'expected root or json, one of them');
    const file = root.file ?? root.tuf?.root;
    const json = root.json ?? root.tuf?.json;
    if (file === undefined && json === undefined) continue;
    const below = root.tuf === undefined ? path : [...path, 'tuf'];
    const at = [...below, json !== undefined ? 'json' : root.tuf === undefined ? 'file' : 'root'];
    try {
      JSON.parse(json ?? material.text(file!));
    } catch (error) {
      report(at, `expected a JSON file that can be read: ${messageOf(error)}`);
    }
  }
}

/** design.md: where evidence is enforced, what reaches the node is a digest, carried or put in. */
function checkDigests({ mutateDigest = true, rules = [] }: PolicyDocument['spec'], report: Report): void {
  if (mutateDigest) return;
  const enforced = rules.filter(({ mode = 'enforce' }) => mode === 'enforce');
  const selection = (rule: (typeof rules)[number]) =>
    JSON.stringify([rule.images ?? ['**'], rule.labels ?? {}]);
  const carried = new Set(enforced.filter((rule) => rule.digest !== undefined).map(selection));
  if (carried.has(selection({ name: '' }))) return;
  for (const rule of enforced) {
    if (!(rule.signature ?? rule.attestation ?? rule.vulnerabilities)) continue;
    if (carried.has(selection(rule))) continue;
    report(
      ['rules', rules.indexOf(rule)],
      `expected mutateDigest, or a rule with "digest: required" for the same images: else a tag could move between the check and the pull`,
    );
  }
}

function checkSuppressions({ suppressions = [] }: PolicyDocument['spec'], report: Report): void {
  for (const [i, item] of suppressions.entries()) {
    if (parsePurl(item.purl) === undefined)
      report(['suppressions', i, 'purl'], 'expected a package URL such as pkg:npm/lodash@4.17.20');
    if (item.kind === 'not_affected' && item.justification === undefined)
      report(['suppressions', i], 'not_affected needs a justification');
  }
}

/** Undecided codes, and the reasons of rejections that leave the answer open. */
function liftableCodes(): string[] {
  const about = { format: 'bundle', manifest: '', authority: '' } as const;
  const open = (Object.keys(rejections) as RejectionCode[]).filter(
    (code) => rejected(about, code, '').undecided,
  );
  return [...Object.keys(undecidedCodes).filter((code) => !fixedCodes.includes(code)), ...open];
}

function checkExceptions({ exceptions = [], rules = [] }: PolicyDocument['spec'], report: Report): void {
  const names = rules.map(({ name }) => name);
  const codes = liftableCodes();
  for (const [i, item] of exceptions.entries()) {
    const path = ['exceptions', i];
    if ((item.rule === undefined) === (item.undecided === undefined))
      report(path, 'expected rule or undecided, one of them: an exception lifts one named thing');
    if (item.rule !== undefined && !names.includes(item.rule))
      report([...path, 'rule'], `there is no rule ${JSON.stringify(item.rule)}${meant(item.rule, names)}`);
    if (item.undecided !== undefined && fixedCodes.includes(item.undecided))
      report([...path, 'undecided'], `no exception lifts ${item.undecided}: write a rule for the image`);
    else if (item.undecided !== undefined && !codes.includes(item.undecided))
      report(
        [...path, 'undecided'],
        `there is no undecided code ${JSON.stringify(item.undecided)}${meant(item.undecided, codes)}`,
      );
    checkLabels(item.labels, path, report);
    for (const [j, pattern] of item.images.entries())
      checkImage(pattern, false, [...path, 'images', j], report);
  }
}
