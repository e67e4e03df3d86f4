// Dockerfiles and provenance to damage: what lineage reads of strangers.

import { parseJson } from '../core/index.ts';
import { isLinkedBuild, materialsOf, parseDockerfile } from '../lineage/index.ts';

const digest = 'a'.repeat(64);

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: Dockerfiles are written so
const dockerfiles = [
  '# syntax=docker/dockerfile:1\nARG V=1.2\nFROM --platform=$BUILDPLATFORM a:${V%.*} AS x\nRUN <<-"E O F" cat\n\ty\n\tE O F\nFROM x\n',
  '# escape=`\nFROM `\n# c\n  ${A:-${B:+q}} as y\nCOPY --from=0 a b\nRUN --mount=type=bind,from=y,"target=/a" z\n',
  'ARG A=\'1\' B="2"\nFROM r.example:5000/a/b:${A//1/2}${B##*x}@sha256:0\nONBUILD RUN <<E\nE\n',
];
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: Dockerfiles are written so

const provenance = {
  buildDefinition: {
    resolvedDependencies: [
      { uri: 'pkg:docker/r.example/a@1?platform=linux%2Famd64', digest: { sha256: digest } },
    ],
    internalParameters: {
      buildConfig: {
        llbDefinition: [
          { id: 'a', op: { Op: { source: { identifier: `docker-image://a@sha256:${digest}` } } } },
          {
            id: 'b',
            op: { Op: { file: { actions: [{ input: -1, Action: { copy: {} } }] } } },
            inputs: ['a:0'],
          },
          { id: 'c', op: { Op: { merge: {} } }, inputs: ['a:0', 'b:0'] },
          { id: 'd', op: {}, inputs: ['c:0'] },
        ],
      },
    },
  },
};

export const lineageParsers = {
  dockerfile: {
    corpus: () => dockerfiles.map((text) => Buffer.from(text)),
    parse: (bytes: Buffer) => parseDockerfile(bytes.toString('utf8'), { platform: 'linux/amd64' }),
  },
  'provenance-materials': {
    corpus: () => [Buffer.from(JSON.stringify(provenance))],
    parse(bytes: Buffer) {
      const predicate = parseJson(bytes.toString('utf8'));
      return [materialsOf(predicate), isLinkedBuild(predicate, [`sha256:${digest}`])];
    },
  },
};
