// What strangers send to the agent and write into a cluster: corpora for fuzzing.
import { imagesBrought, mergeExceptions, parseReview } from '../cluster/admission/index.ts';
import { imagesOf, workloadKinds } from '../cluster/workload/index.ts';
import { deploymentOf, podOf, reviewOf } from './reviews.ts';

const json = (value: unknown) => Buffer.from(JSON.stringify(value));

/** JSON that does not parse is the caller's to refuse. */
function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return null;
  }
}

export const admissionParsers = {
  'admission-review': {
    corpus: () => [
      json(reviewOf(podOf('x.example.com/a:1', { volumes: [{ name: 'v', image: { reference: 'b' } }] }))),
      json(reviewOf(deploymentOf('a'), { old: deploymentOf('b') })),
    ],
    parse: (bytes: Buffer) => imagesBrought(parseReview(jsonOf(bytes))),
  },
  workload: {
    corpus: () => [
      json(podOf('a', { initContainers: [{ name: 'i', image: 'b', restartPolicy: 'Always' }] })),
    ],
    parse: (bytes: Buffer) => Object.values(workloadKinds).map((kind) => imagesOf(jsonOf(bytes), kind)),
  },
  'image-exception': {
    corpus: () => [
      json({ rule: 'signed', images: ['x.example.com/**'], reason: 'r', author: 'a', expires: '2027-01-01' }),
    ],
    parse: (bytes: Buffer) =>
      mergeExceptions(
        { metadata: { name: 'p' }, spec: { exceptionsNeedApprover: true, rules: [{ name: 'signed' }] } },
        [
          {
            apiVersion: 'seaworthy.dev/v1alpha1',
            kind: 'ImageException',
            metadata: { name: 'e' },
            spec: jsonOf(bytes),
          },
        ],
      ),
  },
};
