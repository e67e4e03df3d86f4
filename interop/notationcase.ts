// An image in a registry with the trust policy that it is verified by, for Seaworthy and for notation-go.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { createClient } from '../src/net/index.ts';
import { makeImage } from '../src/testing/images.ts';
import type { Chain } from '../src/testing/notation.ts';
import { anonymous, openRegistry, pushBlob, pushManifest } from '../src/transport/index.ts';
import { attach } from '../src/trust/attach.ts';
import { parseCertificate } from '../src/trust/certificate/index.ts';
import type { Answer, NotationAuthority, Subject } from '../src/trust/evidence/index.ts';
import { gather, type Place } from '../src/trust/gather.ts';
import {
  chainsToCheck,
  gatherRevocation,
  parseTrustPolicy,
  readTrustStores,
  type SignNotationOptions,
  signatureArtifactType,
  signNotation,
  verifyNotation,
} from '../src/trust/notation/index.ts';
import { peerVerify } from './notationpeer.ts';

/** Of the suite that imports this; gone when it ends. */
export const work = mkdtempSync(join(tmpdir(), 'seaworthy-notation-'));
const http = createClient({ env: {} });

after(async () => {
  await http.close();
  rmSync(work, { recursive: true, force: true });
});

/** An image of its own in a registry, and a folder. */
export interface Case {
  place: Place;
  subject: Subject;
  reference: string;
  scope: string;
  folder: string;
}

let count = 0;

export async function newCase(host: string): Promise<Case> {
  count++;
  const image = makeImage({ labels: { number: String(count) } });
  const repository = `team/app${count}`;
  const place: Place = { registry: openRegistry(host, { http, credentials: anonymous }), repository };
  const { bytes, blobs } = image;
  const { mediaType, digest, size } = image.descriptor;
  for (const [name, blob] of blobs)
    await pushBlob(place.registry, repository, { digest: name, size: blob.length }, async function* () {
      yield blob;
    });
  await pushManifest(place.registry, repository, digest, bytes, mediaType);
  const scope = `${host}/${repository}`;
  return {
    place,
    subject: { mediaType, digest, size },
    reference: `${scope}@${digest}`,
    scope,
    folder: mkdtempSync(join(work, 'case-')),
  };
}

export async function sign(
  { place, subject }: Case,
  chain: Chain,
  options: Partial<SignNotationOptions> = {},
) {
  const { mediaType, payload, annotations } = await signNotation({
    subject,
    chain: chain.map(({ certificate }) => parseCertificate(certificate)),
    key: chain[0].key,
    format: 'jws',
    now: Date.now(),
    ...options,
  });
  await attach(place, subject, { artifactType: signatureArtifactType, mediaType, payload, annotations });
}

/** As `seaworthy verify` goes: gather, ask about revocation, judge. */
export async function verify({ place, subject, scope, folder }: Case): Promise<Answer[]> {
  const trustPolicy = parseTrustPolicy(readFileSync(join(folder, 'trustpolicy.json'), 'utf8'));
  const trustStores = await readTrustStores(folder, trustPolicy);
  const authority: NotationAuthority = { kind: 'notation', name: 'team', trustPolicy, trustStores };
  const { evidence, unlisted } = await gather(place, subject.digest, {
    formats: ['notation'],
    predicateTypes: [],
  });
  assert.deepEqual(unlisted, []);
  const now = Date.now();
  const chains = evidence.flatMap((one) => chainsToCheck(one, subject, authority, scope, now));
  const revocation = await gatherRevocation(chains, http, undefined, now);
  return evidence.map((one) =>
    verifyNotation(one, subject, authority, scope, structuredClone(revocation), now),
  );
}

/** What both say of the one signature: `ok`, or our reason and something that notation-go's has in it. */
export async function bothSay(made: Case, expected: 'ok' | string, theirs?: RegExp): Promise<Answer> {
  const [answer, ...more] = await verify(made);
  assert.ok(answer !== undefined && more.length === 0, 'expected one signature');
  assert.equal(answer.ok ? 'ok' : answer.code, expected, JSON.stringify(answer));
  const { code, said } = await peerVerify(made.reference, made.folder);
  assert.equal(code === 0, expected === 'ok', said);
  if (theirs !== undefined) assert.match(said, theirs);
  return answer;
}
