// What fuzzing damages of Sigstore: bundles, cosign's annotations, log entries, checkpoints, and whole signatures.
import { createHash, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { isFault, parseJson } from '../core/index.ts';
import { inTotoType, parseEnvelope, parseStatement, preAuthEncoding } from '../image/index.ts';
import { certificatePem, parseCertificate } from '../trust/certificate/index.ts';
import { type Evidence, Rejection } from '../trust/evidence/index.ts';
import { parseTrustedRoot } from '../trust/root/index.ts';
import { parseBundle } from '../trust/sigstore/bundle.ts';
import { verifyCheckpoint } from '../trust/sigstore/checkpoint.ts';
import { identityOf } from '../trust/sigstore/identity.ts';
import { cosignAnnotations, simpleSigningType, verifySigstore } from '../trust/sigstore/index.ts';
import { checkBody } from '../trust/sigstore/logbody.ts';
import { checkSct } from '../trust/sigstore/sct.ts';
import { digestOfPayload, parseCosign } from '../trust/sigstore/simplesigning.ts';
import { bundleEvidence, image, keyAuthority, keylessAuthority, startBench } from './bundles.ts';
import { logBodies } from './logbodies.ts';
import { signedDer } from './x509.ts';

const cleanups: (() => unknown)[] = [];
const bench = await startBench({ after: (clean) => void cleanups.push(clean as () => unknown) });
const documents = {
  keyless: await bench.keyless({ timestamp: true }),
  tiles: await bench.keyless({ timestamp: true, log: 2 }),
  keyed: await bench.keyed({ timestamp: true, log: 1 }),
};
for (const clean of cleanups.reverse()) await clean();

const { sigstore, key } = bench;
const material = { ...bench.material(), manifest: Buffer.from('{}') };
const root = material.root!;
const byKey = keyAuthority(createPublicKey(key), { proofs: { log: true, timestamp: true } });
const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const whole = Object.values(documents).map(json);
const entity = parseBundle(whole[0]!, material.manifest);
const leaf = entity.certificate!;
const issuing = parseCertificate(sigstore.authority.intermediate);
const log = root.transparencyLogs[1]!;
const note: string = documents.tiles.verificationMaterial.tlogEntries[0].inclusionProof.checkpoint.envelope;

const payload = json({
  critical: {
    identity: { 'docker-reference': '' },
    image: { 'docker-manifest-digest': image.digest },
    type: 'cosign container image signature',
  },
});
const { tlogEntries, timestampVerificationData } = documents.keyed.verificationMaterial;
const annotations: Record<string, string> = {
  [cosignAnnotations.signature]: sign('sha256', payload, key).toString('base64'),
  [cosignAnnotations.certificate]: certificatePem(leaf),
  [cosignAnnotations.chain]: certificatePem(issuing),
  [cosignAnnotations.bundle]: JSON.stringify({
    SignedEntryTimestamp: tlogEntries[0].inclusionPromise.signedEntryTimestamp,
    Payload: {
      body: tlogEntries[0].canonicalizedBody,
      integratedTime: Number(tlogEntries[0].integratedTime),
      logIndex: Number(tlogEntries[0].logIndex),
      logID: Buffer.from(tlogEntries[0].logId.keyId, 'base64').toString('hex'),
    },
  }),
  [cosignAnnotations.timestamp]: JSON.stringify({
    SignedRFC3161Timestamp: timestampVerificationData.rfc3161Timestamps[0].signedTimestamp,
  }),
};

function cosign(changed: Record<string, string>, bytes: Uint8Array = payload): Evidence {
  return {
    ...bundleEvidence({}),
    format: 'cosign',
    mediaType: simpleSigningType,
    payload: bytes,
    annotations: changed,
  };
}

/** A Rejection is an answer. */
function answer(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    if (error instanceof Rejection) return error.code;
    throw error;
  }
}

/** The verifier's door lets nothing out but answers, not even a Fault. */
function verified(evidence: Evidence): string {
  try {
    return [byKey, keylessAuthority()]
      .map((authority) => verifySigstore(evidence, authority, material))
      .map((found) => (found.ok ? 'verified' : found.code))
      .join(', ');
  } catch (error) {
    if (isFault(error))
      throw new Error(`expected an answer, got a fault: ${error.message}`, { cause: error });
    throw error;
  }
}

/** Damage that is signed again gets past the first check. */
function enveloped(statement: Buffer, by: KeyObject = key): Evidence {
  const sig = sign('sha256', preAuthEncoding(inTotoType, statement), by).toString('base64');
  return bundleEvidence({
    ...documents.keyed,
    dsseEnvelope: { payloadType: inTotoType, payload: statement.toString('base64'), signatures: [{ sig }] },
  });
}

const statement = Buffer.from(documents.keyed.dsseEnvelope.payload, 'base64');
const unproven = keyAuthority(createPublicKey(key));

export const sigstoreParsers = {
  'statement/envelope': {
    corpus: () => [json(documents.keyed.dsseEnvelope)],
    parse: (bytes: Buffer) => parseEnvelope(parseJson(bytes.toString())),
  },
  'statement/statement': { corpus: () => [statement], parse: (bytes: Buffer) => parseStatement(bytes) },
  'sigstore/bundle': {
    corpus: () => [
      ...whole,
      json({ ...documents.keyless, dsseEnvelope: undefined, messageSignature: { signature: 'AAAA' } }),
    ],
    parse: (bytes: Buffer) => answer(() => parseBundle(bytes, material.manifest)),
  },
  'sigstore/verify': {
    corpus: () => whole,
    parse: (bytes: Buffer) => verified({ ...bundleEvidence({}), payload: bytes }),
  },
  'sigstore/statement-signed': {
    corpus: () => [statement],
    parse: (bytes: Buffer) => verifySigstore(enveloped(bytes), unproven, { ...material, root: undefined }),
  },
  'sigstore/annotations': {
    corpus: () => Object.entries(annotations).map(([name, value]) => Buffer.from(`${name} ${value}`)),
    parse(bytes: Buffer) {
      const [name = '', ...value] = bytes.toString().split(' ');
      const evidence = cosign({ ...annotations, [name]: value.join(' ') });
      answer(() => parseCosign(evidence));
      return verified(evidence);
    },
  },
  'sigstore/payload': {
    corpus: () => [payload],
    parse(bytes: Buffer) {
      answer(() => digestOfPayload(bytes));
      const signature = sign('sha256', bytes, key).toString('base64');
      return verified(cosign({ [cosignAnnotations.signature]: signature }, bytes));
    },
  },
  'sigstore/log-body': {
    corpus: () => logBodies(entity.signature, leaf),
    parse: (bytes: Buffer) =>
      answer(() => checkBody(bytes, entity, { spki: leaf.spki, certificate: leaf.raw })),
  },
  'sigstore/checkpoint': {
    corpus: () => [Buffer.from(note)],
    parse: (bytes: Buffer) => answer(() => verifyCheckpoint(bytes.toString(), log)),
  },
  'sigstore/checkpoint-signed': {
    corpus: () => [Buffer.from(note.slice(0, note.indexOf('\n\n') + 1))],
    parse(bytes: Buffer) {
      const [, name] = /^\u2014 (\S+) /m.exec(note) ?? [];
      const hint = createHash('sha256').update(log.spki).digest().subarray(0, 4);
      const text = bytes.toString();
      const signature = Buffer.concat([hint, sign(null, Buffer.from(text), sigstore.keys.rekor2)]);
      const signed = `${text}\n\u2014 ${name} ${signature.toString('base64')}\n`;
      return answer(() => verifyCheckpoint(signed, log));
    },
  },
  'sigstore/certificate': {
    corpus: () => [leaf.tbs],
    parse(bytes: Buffer) {
      const certificate = parseCertificate(signedDer(bytes, sigstore.authority.key));
      answer(() => identityOf(certificate));
      return answer(() => checkSct(certificate, issuing, root.certificateLogs));
    },
  },
  'root/trusted-root': {
    corpus: () => [Buffer.from(sigstore.root())],
    parse: (bytes: Buffer) =>
      verifySigstore(bundleEvidence(documents.tiles), keylessAuthority(), {
        ...material,
        root: parseTrustedRoot(bytes.toString()),
      }),
  },
};
