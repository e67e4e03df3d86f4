// Every piece of evidence against every authority that could have made it. Pure and synchronous: all that is needed
// was fetched before, so that it can run in a thread of its own.
import { createHash } from 'node:crypto';
import { isFault } from '../core/index.ts';
import { type Answer, type Authority, type Evidence, rejected, type Subject } from './evidence/index.ts';
import { type RevocationEvidence, verifyNotation } from './notation/index.ts';
import { parseTrustedRoot, publicGood, type SigstoreRoot } from './root/index.ts';
import { cosignSignPredicate, envelopeType, predicateHint, verifySigstore } from './sigstore/index.ts';

/** Plain data: it goes to a thread. */
export interface VerifyTask {
  subject: Subject;
  /** The manifest's bytes. */
  manifest: Uint8Array;
  /** `HOST/REPOSITORY`, which Notation's trust policies choose by. */
  scope: string;
  evidence: readonly Evidence[];
  authorities: readonly Authority[];
  /** Texts of trusted_root.json by the name that authorities use. */
  roots: Readonly<Record<string, string>>;
  revocation: RevocationEvidence;
  /** Ms since 1970. */
  now: number;
}

/** One answer for each fitting pair, in the order of the evidence. */
export function verifyEvidence(task: VerifyTask): Answer[] {
  return task.evidence.flatMap((evidence) =>
    task.authorities
      .filter((authority) => mayBeOf(evidence, authority))
      .map((authority) => withClaim(evidence, verifyOne(task, evidence, authority))),
  );
}

/** The same in this thread, for a command that has nothing else to do meanwhile. */
export async function verifyHere(task: VerifyTask): Promise<Answer[]> {
  return verifyEvidence(task);
}

function mayBeOf({ format }: Evidence, { kind }: Authority): boolean {
  return (format === 'notation') === (kind === 'notation');
}

/** A rejected attestation is no reason why a signature is missing. */
function withClaim({ annotations, mediaType }: Evidence, answer: Answer): Answer {
  const claimed = annotations[predicateHint] ?? (mediaType === envelopeType ? '' : undefined);
  return answer.ok || claimed === undefined || claimed === cosignSignPredicate
    ? answer
    : { ...answer, states: claimed };
}

function verifyOne(task: VerifyTask, evidence: Evidence, authority: Authority): Answer {
  const { subject, now } = task;
  // a signature counts for what it was found beside, and that has to be the image in question
  if (evidence.subject !== subject.digest)
    return rejected(
      { ...evidence, authority: authority.name },
      'digest-other',
      `expected evidence about ${subject.digest}, got some about ${evidence.subject}`,
    );
  if (authority.kind === 'notation')
    return verifyNotation(evidence, subject, authority, task.scope, task.revocation, now);
  const name = authority.root ?? publicGood;
  const text = task.roots[name];
  let root: SigstoreRoot | undefined;
  try {
    root = text === undefined ? undefined : parsedRoot(text);
  } catch (error) {
    if (!isFault(error)) throw error;
    return rejected({ ...evidence, authority: authority.name }, 'trust-root-unusable', error.message);
  }
  return verifySigstore(evidence, authority, { subject, manifest: task.manifest, root, now });
}

const parsed = new Map<string, SigstoreRoot>();

function parsedRoot(text: string): SigstoreRoot {
  const key = createHash('sha256').update(text).digest('base64');
  let root = parsed.get(key);
  if (root === undefined) {
    root = parseTrustedRoot(text);
    if (parsed.size >= 16) parsed.clear();
    parsed.set(key, root);
  }
  return root;
}
