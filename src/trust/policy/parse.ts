// YAML in, policy out: every mistake named with file, line, column and the nearest right word.
import { parseDocumentAs } from '../../core/document/index.ts';
import { checkPolicy } from './check.ts';
import { compileAuthority, compileException, compileRule } from './compile.ts';
import { imagePolicyDocument, policyKeys } from './document.ts';
import { hashOf } from './hash.ts';
import { Material, type ReadFile } from './material.ts';
import type { ImagePolicy, RootSource } from './policy.ts';

/** See index.ts. Throws DocumentFault. */
export function parsePolicy(text: string, file: string, readFile: ReadFile): ImagePolicy {
  const material = new Material(file, readFile);
  const schema = imagePolicyDocument.superRefine((document, context) =>
    checkPolicy(document, context, material),
  );
  const { metadata, spec } = parseDocumentAs(text, file, schema, policyKeys);
  const roots = (spec.roots ?? []).map(
    ({ name, file: path, json, tuf }): RootSource =>
      tuf === undefined
        ? { name, kind: 'file', json: json ?? material.text(path!) }
        : { name, kind: 'tuf', mirror: tuf.mirror, root: tuf.json ?? material.text(tuf.root!) },
  );
  const authorities = (spec.authorities ?? []).map((authority) => compileAuthority(authority, material));
  const rules = (spec.rules ?? []).map((rule) => compileRule(rule, authorities));
  const judging = {
    registries: spec.registries ?? [],
    mutateDigest: spec.mutateDigest ?? true,
    roots,
    authorities,
    rules: rules.map(({ mode: _, ...rule }) => rule),
  };
  const rest = {
    rules,
    suppressions: spec.suppressions ?? [],
    exceptions: (spec.exceptions ?? []).map(compileException),
    revocations: spec.revocations ?? [],
    // Named in the hash only where it is asked for, so that a policy that does not keeps its hash.
    ...(spec.exceptionsNeedApprover === true ? { exceptionsNeedApprover: true } : {}),
  };
  return {
    name: metadata.name,
    ...judging,
    ...rest,
    keyFiles: Object.fromEntries(
      (spec.authorities ?? []).map(({ name, key }) => [
        name,
        (key?.keys ?? []).flatMap(({ file: path }) => (path === undefined ? [] : material.resolve(path))),
      ]),
    ),
    hash: hashOf({ name: metadata.name, ...judging, ...rest }),
    rulesHash: hashOf(judging),
  };
}
