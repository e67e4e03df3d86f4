// What provenance says an image was made from (SLSA v1 resolvedDependencies, v0.2 materials), and whether BuildKit made
// every layer above the base by COPY --link.
import { formatReference, isDigest, parseReference } from '../image/index.ts';
import { parsePurl } from '../scan/package/index.ts';

export interface Material {
  /** `docker.io/library/alpine:3.20`, whole. */
  reference: string;
  digest: string;
}

const mostMaterials = 1000;

/** Images among the materials; which of them is the final base only the layers say. */
export function materialsOf(predicate: unknown): Material[] {
  const listed = [field(predicate, 'buildDefinition', 'resolvedDependencies'), field(predicate, 'materials')];
  const found = new Map<string, Material>();
  for (const list of listed) {
    if (!Array.isArray(list)) continue;
    for (const entry of list.slice(0, mostMaterials)) {
      const material = materialOf(field(entry, 'uri'), field(entry, 'digest', 'sha256'));
      if (material !== undefined) found.set(`${material.reference}@${material.digest}`, material);
    }
  }
  return [...found.values()];
}

function materialOf(uri: unknown, sha256: unknown): Material | undefined {
  if (typeof uri !== 'string') return undefined;
  const purl = parsePurl(uri);
  if (purl === undefined || (purl.type !== 'docker' && purl.type !== 'oci')) return undefined;
  const { namespace, name, version, qualifiers } = purl;
  const isVersionDigest = version !== undefined && isDigest(version);
  const digests = [
    typeof sha256 === 'string' ? `sha256:${sha256}` : '',
    qualifiers['digest'] ?? '',
    isVersionDigest ? version : '',
  ];
  const digest = digests.find(isDigest);
  const tag = isVersionDigest ? undefined : (version ?? qualifiers['tag']);
  const repository =
    qualifiers['repository_url'] ?? (namespace === undefined ? name : `${namespace}/${name}`);
  if (digest === undefined) return undefined;
  try {
    const reference = parseReference(tag === undefined ? repository : `${repository}:${tag}`);
    return { reference: formatReference(reference), digest };
  } catch {
    return undefined;
  }
}

/** Own properties only. */
function field(value: unknown, ...path: readonly string[]): unknown {
  let at = value;
  for (const key of path) {
    if (at === null || typeof at !== 'object' || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<string, unknown>)[key];
  }
  return at;
}

interface Step {
  kind: 'source' | 'merge' | 'file' | 'other';
  /** Of an image: its digest. */
  digest?: string;
  /** Ids of the steps below, by the op's inputs. */
  inputs: string[];
  /** File operations: whether each begins on nothing. */
  isIndependent?: boolean;
}

/**
 * Whether BuildKit's provenance (mode=max) says that all above one image was put beside it and not onto it: what is
 * built is a merge whose first part is that image and whose other parts are copies that begin on nothing. What it does
 * not say, or says in another form, is no. `base`: digests of the image's index and manifest; were it another image
 * that stands on the base, nothing would be said of the layers between.
 */
export function isLinkedBuild(predicate: unknown, base: readonly string[]): boolean {
  const definition =
    field(predicate, 'buildDefinition', 'internalParameters', 'buildConfig', 'llbDefinition') ??
    field(predicate, 'buildConfig', 'llbDefinition');
  if (!Array.isArray(definition) || definition.length === 0 || definition.length > 10_000) return false;
  const steps = new Map<string, Step>();
  for (const entry of definition) {
    const id = field(entry, 'id');
    if (typeof id === 'string') steps.set(id, stepOf(entry));
  }
  const used = new Set([...steps.values()].flatMap(({ inputs }) => inputs));
  // the last step only names what is built
  const ends = [...steps.keys()].filter((id) => !used.has(id));
  if (ends.length !== 1) return false;
  let top = steps.get(ends[0]!);
  for (let hop = 0; top?.kind === 'other' && top.inputs.length === 1 && hop < 2; hop++)
    top = steps.get(top.inputs[0]!);
  return top !== undefined && isLinked(top, steps, base, 0);
}

/** A merge of a merge of an image and copies is one of an image and copies. */
function isLinked(
  step: Step,
  steps: ReadonlyMap<string, Step>,
  base: readonly string[],
  depth: number,
): boolean {
  if (step.kind !== 'merge' || depth > 200) return false;
  const [below, ...beside] = step.inputs.map((id) => steps.get(id));
  return (
    below !== undefined &&
    beside.length > 0 &&
    (base.includes(below.digest ?? '') || isLinked(below, steps, base, depth + 1)) &&
    beside.every((part) => part?.kind === 'file' && part.isIndependent === true)
  );
}

/** `docker-image://HOST/REPOSITORY:TAG@DIGEST` */
function digestIn(source: string): { digest?: string } {
  const digest = /^docker-image:\/\/[^@]+@(sha256:[0-9a-f]{64})$/.exec(source)?.[1];
  return digest === undefined ? {} : { digest };
}

function stepOf(entry: unknown): Step {
  const op = field(entry, 'op', 'Op') ?? field(entry, 'op', 'op');
  const listed = field(entry, 'inputs');
  const inputs = Array.isArray(listed)
    ? listed.flatMap((input) => (typeof input === 'string' ? input.replace(/:\d+$/, '') : []))
    : [];
  const source = field(op, 'source', 'identifier');
  if (typeof source === 'string') return { kind: 'source', inputs, ...digestIn(source) };
  if (field(op, 'merge') !== undefined) return { kind: 'merge', inputs };
  const actions = field(op, 'file', 'actions');
  if (!Array.isArray(actions)) return { kind: 'other', inputs: op === undefined ? inputs : ['?', ...inputs] };
  // a copy's input is the tree it is made onto: -1 is nothing; later ones stand on the output of those before
  const isIndependent =
    actions.length > 0 &&
    actions.every((action, at) => {
      const input = field(action, 'input') ?? 0;
      const isFirst = input === -1 || input === '-1';
      const isOwn = typeof input === 'number' && input >= inputs.length && input < inputs.length + at;
      return (isFirst || isOwn) && field(action, 'Action', 'copy') !== undefined;
    });
  return { kind: 'file', inputs, isIndependent };
}
