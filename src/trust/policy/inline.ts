// A policy with the files it names written into it, for a cluster, where there are none.
import { parseDocumentAs } from '../../core/document/index.ts';
import { imagePolicyDocument, type PolicyDocument, policyKeys } from './document.ts';
import { Material, type ReadFile } from './material.ts';

/** The policy must have been parsed before: this checks its form only. Throws DocumentFault and what the reader throws. */
export function inlinePolicy(text: string, file: string, readFile: ReadFile): PolicyDocument {
  const material = new Material(file, readFile);
  const { status: _, ...document } = parseDocumentAs(text, file, imagePolicyDocument, policyKeys);
  const { authorities, roots } = document.spec;
  return {
    ...document,
    spec: {
      ...document.spec,
      ...(roots === undefined ? {} : { roots: roots.map((root) => inlineRoot(root, material)) }),
      ...(authorities === undefined
        ? {}
        : { authorities: authorities.map((authority) => inlineAuthority(authority, material)) }),
    },
  };
}

type Spec = PolicyDocument['spec'];
type RootDocument = NonNullable<Spec['roots']>[number];
type AuthorityDocument = NonNullable<Spec['authorities']>[number];

function inlineRoot({ file, tuf, ...root }: RootDocument, material: Material): RootDocument {
  if (file !== undefined) return { ...root, json: material.text(file) };
  if (tuf?.root === undefined) return { ...root, ...(tuf === undefined ? {} : { tuf }) };
  return { ...root, tuf: { mirror: tuf.mirror, json: material.text(tuf.root) } };
}

function inlineAuthority(authority: AuthorityDocument, material: Material): AuthorityDocument {
  const { key, notation } = authority;
  return {
    ...authority,
    ...(key === undefined
      ? {}
      : {
          key: {
            ...key,
            keys: key.keys.map(({ file, ...one }) =>
              file === undefined ? one : { ...one, pem: material.text(file) },
            ),
          },
        }),
    ...(notation === undefined
      ? {}
      : {
          notation: {
            ...notation,
            stores: notation.stores.map(({ files, ...store }) =>
              files === undefined
                ? store
                : { ...store, pem: files.map((path) => material.text(path).trimEnd()).join('\n') },
            ),
          },
        }),
  };
}
