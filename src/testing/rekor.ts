// Transparency logs as Rekor v1 and v2 answer.
import { createHash, createPublicKey, type KeyObject, sign } from 'node:crypto';
import type { MerkleTree } from './merkle.ts';
import type { Json } from './sigstore.ts';

/** Rekor v1 keeps a `dsse` entry of what it is given, promises it and proves it. */
export function answerRekor1(
  body: Json,
  tree: MerkleTree,
  key: KeyObject,
  host: string,
  at: number,
): unknown {
  const { spec } = body as unknown as {
    spec: { proposedContent: { envelope: string; verifiers: string[] } };
  };
  const envelope = JSON.parse(spec.proposedContent.envelope) as {
    payload: string;
    signatures: { sig: string }[];
  };
  const hex = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');
  const entry = Buffer.from(
    JSON.stringify({
      apiVersion: '0.0.1',
      kind: 'dsse',
      spec: {
        envelopeHash: { algorithm: 'sha256', value: hex(spec.proposedContent.envelope) },
        payloadHash: { algorithm: 'sha256', value: hex(Buffer.from(envelope.payload, 'base64')) },
        signatures: [{ signature: envelope.signatures[0]!.sig, verifier: spec.proposedContent.verifiers[0] }],
      },
    }),
  );
  return { [hex(entry)]: promised(entry, tree, key, host, at) };
}

/** An entry as Rekor v1 answers it. */
export function promised(entry: Buffer, tree: MerkleTree, key: KeyObject, host: string, at: number) {
  const logIndex = tree.add(entry);
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const said = {
    body: entry.toString('base64'),
    integratedTime: Math.floor(at / 1000),
    logID: createHash('sha256').update(spki).digest('hex'),
    logIndex,
  };
  const signedEntryTimestamp = sign('sha256', Buffer.from(JSON.stringify(said)), key).toString('base64');
  const inclusionProof = {
    logIndex,
    treeSize: tree.leaves.length,
    rootHash: tree.root().toString('hex'),
    hashes: tree.path(logIndex).map((hash) => hash.toString('hex')),
    checkpoint: checkpoint(tree, key, host),
  };
  return { ...said, verification: { signedEntryTimestamp, inclusionProof } };
}

/** Rekor v2 answers with the entry as a bundle keeps it. */
export function answerRekor2(body: Json, tree: MerkleTree, key: KeyObject, host: string): unknown {
  const { hashedRekordRequestV002: request } = body as unknown as {
    hashedRekordRequestV002: { digest: string; signature: unknown };
  };
  const entry = Buffer.from(
    JSON.stringify({
      apiVersion: '0.0.2',
      kind: 'hashedrekord',
      spec: {
        hashedRekordV002: {
          data: { algorithm: 'SHA2_256', digest: request.digest },
          signature: request.signature,
        },
      },
    }),
  );
  const index = tree.add(entry);
  return {
    logIndex: String(index),
    logId: { keyId: logId(host, key).toString('base64') },
    kindVersion: { kind: 'hashedrekord', version: '0.0.2' },
    integratedTime: '0',
    inclusionProof: {
      logIndex: String(index),
      treeSize: String(tree.leaves.length),
      rootHash: tree.root().toString('base64'),
      hashes: tree.path(index).map((hash) => hash.toString('base64')),
      checkpoint: { envelope: checkpoint(tree, key, host) },
    },
    canonicalizedBody: entry.toString('base64'),
  };
}

/** Of an Ed25519 key as signed notes have it, of others the hash of the key (rekor-v2-spec.md, RFC 6962 section 3.2). */
export function logId(name: string, key: KeyObject): Buffer {
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const hash = createHash('sha256');
  return key.asymmetricKeyType === 'ed25519'
    ? hash.update(`${name}\n\u0001`).update(spki.subarray(-32)).digest()
    : hash.update(spki).digest();
}

/** A signed note (C2SP signed-note): the key hint, then the signature. */
export function checkpoint(tree: MerkleTree, key: KeyObject, name: string): string {
  const text = `${name}\n${tree.leaves.length}\n${tree.root().toString('base64')}\n`;
  const isEd = key.asymmetricKeyType === 'ed25519';
  const hint = logId(name, key);
  const signature = sign(isEd ? null : 'sha256', Buffer.from(text), key);
  return `${text}\n\u2014 ${name} ${Buffer.concat([hint.subarray(0, 4), signature]).toString('base64')}\n`;
}
