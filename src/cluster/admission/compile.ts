// A policy of the cluster, compiled and fit to be in force here.
import { isFault, messageOf } from '../../core/index.ts';
import { type ImagePolicy, parsePolicy } from '../../trust/index.ts';
import type { InForce } from './admission.ts';
import { AdmissionFault } from './fault.ts';

/** Throws DocumentFault, or AdmissionFault `policy-refused` where pods could get neither digests nor refusals. */
export async function compilePolicy(document: Record<string, unknown>, mutation: boolean): Promise<InForce> {
  const policy = await parse(document);
  const puts = mutation && policy.mutateDigest;
  if (!puts) await checkCarried(document);
  return { policy, mutation: puts };
}

async function parse(document: Record<string, unknown>): Promise<ImagePolicy> {
  const { stringify } = await import('yaml');
  const name = (document['metadata'] as { name?: string } | undefined)?.name ?? '';
  return parsePolicy(stringify(document), `imagepolicy/${name}`, () => {
    throw new Error('a policy in a cluster holds its keys and certificates itself (pem), and names no files');
  });
}

/** Without mutation each enforced rule about evidence needs a digest in the manifest. */
async function checkCarried(document: Record<string, unknown>): Promise<void> {
  const spec = { ...(document['spec'] as Record<string, unknown> | undefined), mutateDigest: false };
  try {
    await parse({ ...document, spec });
  } catch (error) {
    if (!isFault(error)) throw error;
    throw new AdmissionFault(
      'policy-refused',
      `expected digests, put in by the agent or asked for by the policy, got neither: ${messageOf(error)}`,
      {
        hint: 'Add a rule with `digest: required` for these images, or install with --mutate.',
        cause: error,
      },
    );
  }
}
