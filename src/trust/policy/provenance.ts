// SLSA provenance, v0.2 and v1: builder, source and build type, each from the one field that the builder vouches for
// (slsa.dev/spec/v1.0/provenance, slsa.dev/spec/v0.2/provenance).
import { matchesText, type TextMatch } from '../evidence/index.ts';
import { fieldOf, textOf } from './field.ts';
import { type Obstacle, obstacle } from './part.ts';
import { provenanceTypes } from './predicates.ts';
import type { AttestationRule } from './rule.ts';
import type { DenialCode } from './verdict.ts';

interface Provenance {
  builder: string | undefined;
  buildType: string | undefined;
  /** Where the build was started from; never a mere material or dependency, which anybody may add (N17). */
  sources: readonly string[];
  refs: readonly string[];
}

/** A phrase of what it says, or what is in the way. */
export function checkProvenance(
  rule: AttestationRule,
  predicateType: string,
  predicate: unknown,
): string | Obstacle {
  const read = predicateType === provenanceTypes[0] ? readV1(predicate) : readV02(predicate);
  if (read.builder === undefined)
    return obstacle('failed', 'attestation-malformed', 'the provenance names no builder');
  const { builder, buildType, sources, refs } = read;
  const source = rule.source && plainSource(rule.source);
  return (
    differs(rule.builder, [builder], 'builder-other', 'builder') ??
    differs(rule.buildType, buildType === undefined ? [] : [buildType], 'build-type-other', 'build type') ??
    differs(source, sources.map(repositoryOfSource), 'source-other', 'source') ??
    differs(rule.ref, refs, 'source-other', 'ref') ??
    `built ${sources.length > 0 ? `from ${repositoryOfSource(sources[0]!)} ` : ''}on ${builder}, said`
  );
}

/** Every value must fit: a second, other source beside the right one is no proof of the right one. */
function differs(
  match: TextMatch | undefined,
  values: readonly string[],
  code: DenialCode,
  what: string,
): Obstacle | undefined {
  if (match === undefined || (values.length > 0 && values.every((value) => matchesText(match, value))))
    return undefined;
  const wrong = values.find((value) => !matchesText(match, value));
  return obstacle('failed', code, wrong === undefined ? `it names no ${what}` : `${what} ${wrong}`);
}

/** Parameters in which builders name the repository they were started from: GitHub, BuildKit, Cloud Build, GitLab. */
const sourceParameters = [
  ['workflow', 'repository'],
  ['configSource', 'uri'],
  ['sourceToBuild', 'repository'],
  ['source', 'uri'],
  ['source', 'repository'],
  ['source'],
] as const;
const refParameters = [
  ['workflow', 'ref'],
  ['sourceToBuild', 'ref'],
  ['source', 'ref'],
] as const;

function readV1(predicate: unknown): Provenance {
  const parameters = fieldOf(predicate, 'buildDefinition', 'externalParameters');
  const sources = sourceParameters.flatMap((path) => textOf(parameters, ...path) ?? []);
  const refs = refParameters.flatMap((path) => textOf(parameters, ...path) ?? []);
  return {
    builder: textOf(predicate, 'runDetails', 'builder', 'id'),
    buildType: textOf(predicate, 'buildDefinition', 'buildType'),
    sources,
    refs: [...refs, ...sources.flatMap(refOfSource)],
  };
}

function readV02(predicate: unknown): Provenance {
  const source = textOf(predicate, 'invocation', 'configSource', 'uri');
  return {
    builder: textOf(predicate, 'builder', 'id'),
    buildType: textOf(predicate, 'buildType'),
    sources: source === undefined ? [] : [source],
    refs: source === undefined ? [] : refOfSource(source),
  };
}

/** Ms since 1970 at which the build says it ended or began. */
export function provenanceTime(predicateType: string, predicate: unknown): number | undefined {
  const metadata =
    predicateType === provenanceTypes[0]
      ? fieldOf(predicate, 'runDetails', 'metadata')
      : fieldOf(predicate, 'metadata');
  const names =
    predicateType === provenanceTypes[0]
      ? ['finishedOn', 'startedOn']
      : ['buildFinishedOn', 'buildStartedOn'];
  const text = names.map((name) => textOf(metadata, name)).find((found) => found !== undefined);
  return text === undefined ? undefined : Date.parse(text);
}

/** Characters of a URL that is taken apart; no repository has a longer one. */
const longestSource = 2000;

/**
 * `git+https://github.com/org/repo.git@refs/heads/main` → `https://github.com/org/repo`. Whatever is no plain URL, or
 * bears a user name (`https://github.com@evil.example/…`), stays as it is and so fits no repository.
 */
export function repositoryOfSource(source: string): string {
  if (source.length > longestSource) return source;
  const url = /^(?:git\+)?(https?:\/\/[^/?#@\s\\]+)(\/[^?#@\s\\]*)(?:[@#?].*)?$/.exec(source);
  if (url === null) return source;
  const path = url[2]!.replace(/\/+$/, '').replace(/\.git$/, '');
  if (/(?:^|\/)\.{1,2}(?:\/|$)/.test(path)) return source;
  return `${url[1]!.toLowerCase()}${path}`;
}

function plainSource(match: TextMatch): TextMatch {
  return 'exact' in match ? { exact: repositoryOfSource(match.exact) } : match;
}

/** The ref behind `@` or `#` of a source URL; BuildKit adds `:DIRECTORY`. */
function refOfSource(source: string): string[] {
  if (source.length > longestSource) return [];
  const ref = /^(?:git\+)?https?:\/\/[^@#\s]+[@#]([^@#:\s]+)(?::[^@#]*)?$/.exec(source)?.[1];
  return ref === undefined ? [] : [ref];
}
