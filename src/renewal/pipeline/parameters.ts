// What a run is told: parameters of the pipeline, filled in from the request.
import { nearest } from '../../core/index.ts';
import { PipelineFault } from './fault.ts';
import type { BuildRequest } from './pipeline.ts';

export type Mapping = Readonly<Record<string, string>>;

/** By placeholder; `base` with its tag, so that people can read it, the digest beside it. */
const fields: Record<string, (request: BuildRequest) => string> = {
  id: ({ id }) => id,
  image: ({ image }) => image,
  tag: ({ tag }) => tag,
  stagingTag: ({ stagingTag }) => stagingTag,
  base: ({ base }) => `${base.image}:${base.tag}`,
  baseDigest: ({ base }) => base.digest,
  platforms: ({ platforms }) => platforms.join(','),
};

const placeholder = /\{([A-Za-z]+)\}/g;

/**
 * The mapping of a configuration, checked; else every field under `nameOf` its name. Exactly one parameter is the id
 * alone: it is what a run is found by. Throws PipelineFault `pipeline-parameters`.
 */
export function checkMapping(given: Mapping | undefined, nameOf: (field: string) => string): Mapping {
  const mapping = given ?? Object.fromEntries(Object.keys(fields).map((one) => [nameOf(one), `{${one}}`]));
  for (const [name, value] of Object.entries(mapping))
    for (const [, field = ''] of value.matchAll(placeholder))
      if (!Object.hasOwn(fields, field))
        throw new PipelineFault(
          'pipeline-parameters',
          `expected a field of a renewal in the parameter ${name}, got {${field.slice(0, 80)}}`,
          { hint: `Did you mean {${nearest(field, Object.keys(fields)) ?? 'id'}}?` },
        );
  idParameter(mapping);
  return mapping;
}

/** Name of the parameter that is the id. */
export function idParameter(mapping: Mapping): string {
  const names = Object.keys(mapping).filter((name) => mapping[name] === '{id}');
  if (names.length === 1) return names[0]!;
  throw new PipelineFault(
    'pipeline-parameters',
    `expected one parameter that is {id}, got ${names.length === 0 ? 'none' : names.join(' and ')}`,
    { hint: 'A run is found again by its id: give the pipeline a parameter for it, and map that to "{id}".' },
  );
}

/** In one pass: what a value brings in is not filled in again. */
export function fillIn(mapping: Mapping, request: BuildRequest): Record<string, string> {
  return Object.fromEntries(
    Object.entries(mapping).map(([name, value]) => [
      name,
      value.replace(placeholder, (all, field: string) => fields[field]?.(request) ?? all),
    ]),
  );
}

/** What a probe is filled in with: shaped like a renewal, naming nothing that exists. */
export const sampleRequest: BuildRequest = {
  id: 'probe',
  image: 'registry.invalid/probe',
  stagingTag: 'seaworthy-probe',
  tag: 'probe',
  base: { image: 'registry.invalid/base', tag: 'probe', digest: `sha256:${'0'.repeat(64)}` },
  platforms: ['linux/amd64'],
};
