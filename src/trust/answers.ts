// What the evidence beside one manifest answers: listed, fetched and verified.
import type { HttpClient } from '../net/index.ts';
import type { ResultStore } from '../store/index.ts';
import type { Answer, Authority, Evidence, Format, NotationAuthority } from './evidence/index.ts';
import { gather } from './gather.ts';
import {
  chainsToCheck,
  gatherRevocation,
  noRevocationEvidence,
  type RevocationEvidence,
} from './notation/index.ts';
import { pinned, type ResolvedImage } from './place.ts';
import type { Unlisted } from './policy/index.ts';
import { subjectOf } from './sign.ts';
import { type VerifyTask, verifyEvidence } from './verify.ts';

export interface AnswersRequest {
  authorities: readonly Authority[];
  formats: readonly Format[];
  predicateTypes: readonly string[];
}

export interface AnswersOptions {
  http: HttpClient;
  /** Texts of trusted_root.json by the name that authorities use. */
  roots: Readonly<Record<string, string>>;
  /** Where CRLs are kept. */
  results?: ResultStore;
  /** In this thread when left out. */
  verify?(task: VerifyTask): Promise<Answer[]>;
  /** Ms since 1970. */
  now: number;
}

export interface Answers {
  answers: Answer[];
  unlisted: Unlisted[];
  /** Digests of the manifests that carried evidence, sorted. */
  evidence: string[];
}

/** Faults of the registry become `unlisted`; nothing that was not listed counts as absent. */
export async function answersFor(
  image: ResolvedImage,
  request: AnswersRequest,
  options: AnswersOptions,
): Promise<Answers> {
  const { evidence, unlisted } = await gather(image.place, image.digest, request);
  const scope = pinned(image).slice(0, pinned(image).indexOf('@'));
  const subject = subjectOf(image);
  const revocation = await revocationOf(evidence, request.authorities, subject, scope, options);
  const task: VerifyTask = {
    subject,
    manifest: image.bytes,
    scope,
    evidence,
    authorities: request.authorities,
    roots: options.roots,
    revocation,
    now: options.now,
  };
  const answers = await (options.verify?.(task) ?? verifyEvidence(task));
  return { answers, unlisted, evidence: [...new Set(evidence.map(({ manifest }) => manifest))].sort() };
}

/** Revocation is asked for only along chains that are trusted otherwise: a stranger's certificate sends us nowhere. */
async function revocationOf(
  evidence: readonly Evidence[],
  authorities: readonly Authority[],
  subject: VerifyTask['subject'],
  scope: string,
  { http, results, now }: AnswersOptions,
): Promise<RevocationEvidence> {
  const notation = authorities.filter(
    (authority): authority is NotationAuthority => authority.kind === 'notation',
  );
  const chains = evidence
    .filter(({ format }) => format === 'notation')
    .flatMap((found) =>
      notation.flatMap((authority) => chainsToCheck(found, subject, authority, scope, now)),
    );
  return chains.length === 0 ? noRevocationEvidence : gatherRevocation(chains, http, results, now);
}
