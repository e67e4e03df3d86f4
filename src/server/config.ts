// The server's configuration: a file, flags and variables laid over each other, checked as one.
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isMap, parseDocument, stringify } from 'yaml';
import { DocumentFault, parseDocumentAs } from '../core/document/index.ts';
import { messageOf } from '../core/index.ts';
import { type ServerDocument, serverDocument } from './configdocument.ts';
import { type Given, givenOptions, givenValue } from './configoptions.ts';

export interface ServerConfig extends ServerDocument {
  /** Absolute path of what a path of the document means. */
  file(path: string): string;
}

const keys = [
  'listen',
  'tls',
  'url',
  'log',
  'database',
  'policy',
  'signing',
  'registry',
  'registries',
  'advisories',
  'watch',
  'renewal',
  'notify',
  'certificate',
  'key',
  'passwordFile',
  'anonymous',
  'plainHttp',
  'realms',
  'caFile',
  'from',
  'ecosystems',
  'every',
  'update',
  'maxAge',
  'images',
  'debounce',
  'events',
  'name',
  'kind',
  'secretFile',
  'pipelines',
  'targets',
  'match',
  'means',
  'pipeline',
  'patience',
  'consent',
  'approval',
  'rollout',
  'smokeTest',
  'command',
  'timeout',
  'git',
  'cluster',
  'repository',
  'branch',
  'onBranch',
  'helmValues',
  'buildah',
  'azurePipelines',
  'jenkins',
  'context',
  'ref',
  'directory',
  'dockerfile',
  'target',
  'args',
  'organization',
  'project',
  'tokenFile',
  'parameters',
  'job',
  'user',
];

/** Throws DocumentFault with a line for each mistake. */
export function readConfig(
  path: string | undefined,
  flags: Readonly<Record<string, string | undefined>>,
  env: Readonly<Record<string, string | undefined>>,
): ServerConfig {
  const given = givenOptions(flags, env);
  const name = path ?? 'options';
  const text = path === undefined ? '{}' : readFile(path);
  const whole = given.length === 0 ? text : laidOver(text, name, given);
  const document = parseDocumentAs(whole, name, serverDocument, keys);
  checkNames(document, name);
  const base = path === undefined ? process.cwd() : dirname(resolve(path));
  return { ...document, file: (relative) => resolve(base, relative) };
}

function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new DocumentFault(
      'document-invalid',
      `expected a configuration at ${path}, got ${messageOf(cause)}`,
      {
        cause,
        hint: 'docs/server.md has one to begin with',
      },
    );
  }
}

/** The file's text with the options set in it, so that lines of mistakes in the file stay true. */
function laidOver(text: string, name: string, given: readonly Given[]): string {
  const document = parseDocument(text);
  if (document.errors.length > 0) return text;
  if (document.contents !== null && !isMap(document.contents))
    throw new DocumentFault('document-invalid', `${name}: expected a map, got something else`);
  for (const one of given) document.setIn(one.option.path.split('.'), givenValue(one));
  return stringify(document);
}

/** Names that point at something that is not there. */
function checkNames({ renewal }: ServerDocument, name: string): void {
  const pipelines = new Set((renewal?.pipelines ?? []).map((one) => one.name));
  const targets = new Set((renewal?.targets ?? []).map((one) => one.name));
  const problems = (renewal?.images ?? []).flatMap(({ match, pipeline, rollout = [] }) => [
    ...(pipeline === undefined || pipelines.has(pipeline)
      ? []
      : [
          `${name}: renewal.images ${match}: expected the name of a pipeline, got ${JSON.stringify(pipeline)}`,
        ]),
    ...rollout
      .filter((one) => !targets.has(one))
      .map(
        (one) =>
          `${name}: renewal.images ${match}: expected the name of a target, got ${JSON.stringify(one)}`,
      ),
  ]);
  if (problems.length > 0)
    throw new DocumentFault('document-invalid', problems.join('\n'), {
      hint: 'name it in renewal.pipelines or renewal.targets',
    });
}

/** Ms. */
export function spanOf(text: string | undefined, usual: string): number {
  const value = text ?? usual;
  const units: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
  return Number(value.slice(0, -1)) * units[value.at(-1)!]!;
}
