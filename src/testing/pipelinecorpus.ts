// Samples of what services that run pipelines answer, of Dockerfiles and of mappings, for fuzzing.
import { parseJson } from '../core/index.ts';
import { isObject, type Service } from '../renewal/pipeline/answer.ts';
import { listOf, stateOf } from '../renewal/pipeline/azurepipelines.ts';
import { pinDockerfile } from '../renewal/pipeline/dockerpin.ts';
import {
  buildOf,
  buildWith,
  itemOf,
  itemOfLocation,
  itemWith,
  jobOf,
} from '../renewal/pipeline/jenkinsanswer.ts';
import { checkMapping, fillIn, sampleRequest } from '../renewal/pipeline/parameters.ts';
import type { FuzzedParser } from './parsers.ts';

const text = (bytes: Buffer) => bytes.toString('utf8');
const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const service: Service = { name: 'a service', login: 'log in', names: 'look' };
const actions = [{}, { parameters: [{ name: 'RENEWAL_ID', value: 'one' }] }];

function answerIn(bytes: Buffer): Record<string, unknown> {
  const value = parseJson(text(bytes));
  return isObject(value) ? value : {};
}

export const pipelineParsers: Record<string, FuzzedParser> = {
  'azure-run': {
    corpus: () => [
      json({ id: 7, state: 'completed', result: 'failed', templateParameters: { renewalId: 'one' } }),
      json({ id: 7, state: 'inProgress', name: '1' }),
    ],
    parse: (bytes) => stateOf(answerIn(bytes), 'https://example.com'),
  },
  'azure-runs': {
    corpus: () => [json({ count: 1, value: [{ id: 7 }] }), json([{ id: 7 }])],
    parse: (bytes) => listOf(service, parseJson(text(bytes))),
  },
  'jenkins-job': {
    corpus: () => [
      json({
        buildable: true,
        property: [{}, { parameterDefinitions: [{ name: 'RENEWAL_ID' }] }],
        builds: [{ number: 3, actions }],
      }),
    ],
    parse: (bytes) => {
      const job = jobOf(answerIn(bytes));
      return [job, buildWith(job.builds, 'RENEWAL_ID', 'one')];
    },
  },
  'jenkins-queue': {
    corpus: () => [json({ items: [{ id: 3, task: { url: 'http://a/job/team/job/web%20app/' }, actions }] })],
    parse: (bytes) => itemWith(answerIn(bytes), 'job/team/job/web%20app', 'RENEWAL_ID', 'one'),
  },
  'jenkins-item': {
    corpus: () => [json({ cancelled: false, why: 'waits', executable: { number: 3 } }), json({ why: 'x' })],
    parse: (bytes) => itemOf(answerIn(bytes)),
  },
  'jenkins-build': {
    corpus: () => [json({ building: false, result: 'SUCCESS', number: 3 })],
    parse: (bytes) => buildOf(answerIn(bytes), 'https://example.com'),
  },
  'jenkins-location': {
    corpus: () => [Buffer.from('https://ci.example.com/jenkins/queue/item/41/')],
    parse: (bytes) => itemOfLocation(text(bytes)),
  },
  'pinned-dockerfile': {
    corpus: () => [
      Buffer.from(
        'ARG B=registry.example/base:12\nFROM --platform=$BUILDPLATFORM golang AS a\nRUN <<E\nx\nE\nFROM $B\nCOPY --from=a /a /a\n',
      ),
    ],
    parse: (bytes) =>
      pinDockerfile(text(bytes), { ...sampleRequest.base, image: 'registry.example/base', tag: '12' }),
  },
  'pipeline-mapping': {
    corpus: () => [Buffer.from('{id} {image}:{tag} {stagingTag} {base}@{baseDigest} {platforms}')],
    parse: (bytes) => fillIn(checkMapping({ id: '{id}', text: text(bytes) }, String), sampleRequest),
  },
};
