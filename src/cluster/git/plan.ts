// What a repository says about an image, file by file, and each file as it would be.
import type { DigestChange } from '../workload/index.ts';
import { type FileFindings, noFindings } from './finding.ts';
import { findInValues, type HelmValues } from './helm.ts';
import { findInKustomization, isKustomization } from './kustomization.ts';
import { findInManifests } from './manifest.ts';
import { fileBytes, type TreeFile } from './objects.ts';
import type { Repository } from './repository.ts';
import { editYaml, formatPath, lineOf, readYaml, type YamlText } from './yamltext.ts';

export interface GitChange {
  line: number;
  /** `spec.template.spec.containers[0].image`. */
  where: string;
  /** Empty where a key is added. */
  before: string;
  after: string;
}

export interface GitFile {
  path: string;
  mode: string;
  changes: GitChange[];
  bytes: Buffer;
}

export interface GitPlan {
  /** Commit that the files were read from. */
  commit: string;
  /** Tree with the changes made. */
  tree: string;
  files: GitFile[];
  /** Images of the same repository that only a tag names; nothing says which digest they run. */
  byTag: { path: string; line: number; image: string }[];
  /** Where the old digest still stands, and what could be done about it. */
  left: { path: string; line: number; why: string }[];
}

export interface GitPlanOptions {
  helmValues?: readonly HelmValues[];
  /** Another commit than the base's. */
  commit?: string;
}

const manyLeft = 200;

/** Reads, and writes objects that nothing refers to yet. Throws GitFault. */
export async function planGit(
  repository: Repository,
  change: DigestChange,
  { helmValues = [], commit = repository.base.commit }: GitPlanOptions = {},
): Promise<GitPlan> {
  const { objects, directory } = repository;
  const declared = helmValues.map((values) => ({ ...values, file: `${directory}${values.file}` }));
  const shortName = change.repository.slice(change.repository.lastIndexOf('/') + 1);
  const hex = change.from.slice(change.from.indexOf(':') + 1);
  const mentioned = new Set(
    (await objects.mentions(commit, directory, [hex, shortName])).map(({ path }) => path),
  );
  const listed = await objects.list(commit, directory);
  const wanted = listed.filter(
    ({ path, size }) =>
      size <= fileBytes &&
      ((mentioned.has(path) && (/\.(?:ya?ml|json)$/i.test(path) || isKustomization(path))) ||
        declared.some(({ file }) => file === path)),
  );
  const plan: GitPlan = { commit, tree: '', files: [], byTag: [], left: [] };
  for (const { file } of declared)
    if (!listed.some(({ path }) => path === file))
      plan.left.push({ path: file, line: 0, why: 'declared with --helm-values, but not in the repository' });
  const contents = await objects.read(wanted);
  const problems = new Map<string, string>();
  for (const file of wanted) planFile(file, contents.get(file.path)!, declared, change, plan, problems);
  plan.tree = await objects.replace(commit, plan.files);
  for (const { path, line } of (await objects.mentions(plan.tree, directory, [hex])).slice(0, manyLeft)) {
    const why = problems.get(path) ?? hintFor(path, contents.get(path), directory, change);
    plan.left.push({ path, line, why });
    problems.delete(path);
  }
  for (const [path, why] of problems)
    if (!plan.left.some((one) => one.path === path)) plan.left.push({ path, line: 0, why });
  return plan;
}

function planFile(
  { path, mode }: TreeFile,
  bytes: Buffer,
  declared: readonly HelmValues[],
  change: DigestChange,
  plan: GitPlan,
  problems: Map<string, string>,
): void {
  const yaml = readYaml(bytes);
  if (yaml === undefined) {
    problems.set(path, 'is no YAML that can be read, such as a template');
    return;
  }
  const values = declared.filter(({ file }) => file === path);
  const found = merged(
    isKustomization(path) ? findInKustomization(yaml.values, change) : findInManifests(yaml.values, change),
    ...values.map((one) => findInValues(yaml.values, one.path, change)),
  );
  for (const { document, path: at, image } of found.byTag)
    plan.byTag.push({ path, line: lineOf(yaml, document, at), image });
  if (found.problems.length > 0) problems.set(path, found.problems.join('; '));
  if (found.edits.length === 0) return;
  const edited = editYaml(yaml, found.edits);
  if ('problem' in edited) {
    problems.set(path, edited.problem);
    return;
  }
  const changes = found.edits.map(({ document, path: at, before, after }) => ({
    line: lineOf(yaml, document, before === undefined ? at.slice(0, -1) : at),
    where: formatPath(at),
    before: before ?? '',
    after,
  }));
  plan.files.push({ path, mode, changes, bytes: edited });
}

function merged(...all: readonly FileFindings[]): FileFindings {
  const sum = noFindings();
  for (const { edits, byTag, problems } of all) {
    sum.edits.push(...edits);
    sum.byTag.push(...byTag);
    sum.problems.push(...problems);
  }
  return sum;
}

/** Where the old digest is left in YAML, the option that would declare it. */
function hintFor(path: string, bytes: Buffer | undefined, directory: string, change: DigestChange): string {
  const yaml = bytes && readYaml(bytes);
  const at = yaml && pathTo(yaml, change.from);
  if (at === undefined) return 'holds the old digest outside of what is known to be an image';
  const owner = at.at(-1) === 'digest' ? at.slice(0, -1) : at;
  const keys = formatPath(owner.length === 0 ? at : owner);
  const file = path.slice(directory.length);
  return `holds the old digest at ${formatPath(at)}; if that is an image of a Helm chart: --helm-values ${file}:${keys}`;
}

function pathTo(yaml: YamlText, digest: string): (string | number)[] | undefined {
  const search = (value: unknown, at: (string | number)[]): (string | number)[] | undefined => {
    if (typeof value === 'string') return value.includes(digest) ? at : undefined;
    if (typeof value !== 'object' || value === null || at.length > 32) return undefined;
    for (const [key, inner] of Object.entries(value)) {
      const found = search(inner, [...at, Array.isArray(value) ? Number(key) : key]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return yaml.values.length === 1 ? search(yaml.values[0], []) : undefined;
}
