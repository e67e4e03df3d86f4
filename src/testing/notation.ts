// Notation signatures, right ones and wrong ones of every kind, with the authorities that would trust them.
import { encode, Tagged } from 'cborg';
import { certificatePem, parseCertificate } from '../trust/certificate/index.ts';
import type {
  Evidence,
  NotationAuthority,
  NotationTrustPolicyEntry,
  Subject,
} from '../trust/evidence/index.ts';
import { type Algorithm, algorithmOf, makeSignature } from '../trust/notation/algorithm.ts';
import { coseAlgorithms, signedBytesOf } from '../trust/notation/cose.ts';
import { type SignNotationOptions, signNotation } from '../trust/notation/index.ts';
import { type Holder, type HolderOptions, makeIntermediate, makeRoot, makeSigner } from './x509.ts';

export const signedImage: Subject = {
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  digest: `sha256:${'a'.repeat(64)}`,
  size: 1234,
};

export const signedRepository = 'registry.example.com/team/app';

export const leafName = 'CN=signer,OU=build,O=example.com,L=Seattle,ST=WA,C=US';

/** Leaf first, root last. */
export type Chain = [leaf: Holder, ...Holder[]];

export interface ChainOptions {
  leaf?: HolderOptions;
  intermediate?: HolderOptions;
  root?: HolderOptions;
  leafName?: string;
}

export function makeChain(options: ChainOptions = {}): Chain {
  const root = makeRoot('CN=root,O=example.com,ST=WA,C=US', options.root);
  const intermediate = makeIntermediate('CN=issuing,O=example.com,ST=WA,C=US', root, options.intermediate);
  return [makeSigner(options.leafName ?? leafName, intermediate, options.leaf), intermediate, root];
}

export function pemOf(holders: readonly Holder[]): string {
  return holders.map(({ certificate }) => certificatePem({ raw: certificate })).join('');
}

/** What a registry would give: the signature beside the image. */
export function evidenceOf(payload: Uint8Array, mediaType = 'application/jose+json'): Evidence {
  return {
    format: 'notation',
    manifest: `sha256:${'b'.repeat(64)}`,
    subject: signedImage.digest,
    mediaType,
    payload,
    annotations: {},
  };
}

export async function signedEvidence(
  chain: Chain,
  options: Partial<SignNotationOptions> = {},
): Promise<Evidence> {
  const { payload, mediaType } = await signNotation({
    subject: signedImage,
    chain: chain.map(({ certificate }) => parseCertificate(certificate)),
    key: chain[0].key,
    format: 'jws',
    now: Date.now(),
    ...options,
  });
  return evidenceOf(payload, mediaType);
}

/** Trusts the last of each chain; `policy` is laid over one that verifies strictly. */
export function authorityOf(
  stores: Readonly<Record<string, readonly Holder[]>>,
  policy: Partial<NotationTrustPolicyEntry> = {},
): NotationAuthority {
  return {
    kind: 'notation',
    name: 'team',
    trustPolicy: {
      version: '1.0',
      trustPolicies: [
        {
          name: 'all',
          registryScopes: ['*'],
          signatureVerification: { level: 'strict' },
          trustStores: Object.keys(stores),
          trustedIdentities: ['x509.subject: C=US, ST=WA, O=example.com'],
          ...policy,
        },
      ],
    },
    trustStores: Object.fromEntries(
      Object.entries(stores).map(([name, holders]) => [name, holders.map((holder) => pemOf([holder]))]),
    ),
  };
}

/** What a forger may change; every part has its usual value otherwise. */
export interface Forgery {
  /** Laid over the protected header; undefined takes one out. */
  head?: Record<string, unknown>;
  /** Laid over the unprotected header. */
  open?: Record<string, unknown>;
  payload?: unknown;
  chain?: readonly Holder[];
  /** Beside the envelope's own members (JWS). */
  beside?: Record<string, unknown>;
  /** In place of the key of the chain's leaf. */
  key?: Holder;
}

const attribute = (name: string) => `io.cncf.notary.${name}`;
const target = { targetArtifact: signedImage };

function laidOver(
  base: Record<string, unknown>,
  over: Record<string, unknown> = {},
): Record<string, unknown> {
  return Object.fromEntries(Object.entries({ ...base, ...over }).filter(([, value]) => value !== undefined));
}

function keyFor(chain: Chain, forgery: Forgery): { holder: Holder; algorithm: Algorithm } {
  const holder = forgery.key ?? chain[0];
  const algorithm = algorithmOf(parseCertificate(chain[0].certificate).publicKey) ?? 'PS256';
  return { holder, algorithm };
}

/** A JWS that is signed whatever it says. */
export function forgeJws(chain: Chain, forgery: Forgery = {}): Evidence {
  const { holder, algorithm } = keyFor(chain, forgery);
  const head = laidOver(
    {
      alg: algorithm,
      cty: 'application/vnd.cncf.notary.payload.v1+json',
      crit: [attribute('signingScheme')],
      [attribute('signingScheme')]: 'notary.x509',
      [attribute('signingTime')]: new Date().toISOString().replace(/\.\d+/, ''),
    },
    forgery.head,
  );
  const parts = [head, forgery.payload ?? target].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  const signature = makeSignature(algorithm, Buffer.from(parts.join('.')), holder.key);
  const envelope = {
    payload: parts[1],
    protected: parts[0],
    header: laidOver(
      { x5c: (forgery.chain ?? chain).map(({ certificate }) => certificate.toString('base64')) },
      forgery.open,
    ),
    signature: signature.toString('base64url'),
    ...forgery.beside,
  };
  return evidenceOf(Buffer.from(JSON.stringify(envelope)));
}

/** COSE_Sign1 that is signed whatever it says; keys that are digits become numbers. */
export function forgeCose(chain: Chain, forgery: Forgery & { tag?: number } = {}): Evidence {
  const { holder, algorithm } = keyFor(chain, forgery);
  const labelled = (values: Record<string, unknown>) =>
    new Map(
      Object.entries(values).map(([label, value]) => [/^-?\d+$/.test(label) ? Number(label) : label, value]),
    );
  const head = encode(
    labelled(
      laidOver(
        {
          '1': coseAlgorithms[algorithm],
          '2': [attribute('signingScheme')],
          '3': 'application/vnd.cncf.notary.payload.v1+json',
          [attribute('signingScheme')]: 'notary.x509',
          [attribute('signingTime')]: new Tagged(1, Math.floor(Date.now() / 1000)),
        },
        forgery.head,
      ),
    ),
  );
  const payload = Buffer.from(JSON.stringify(forgery.payload ?? target));
  const signature = makeSignature(algorithm, signedBytesOf(head, payload), holder.key);
  const open = labelled(
    laidOver({ '33': (forgery.chain ?? chain).map(({ certificate }) => certificate) }, forgery.open),
  );
  const message = new Tagged(forgery.tag ?? 18, [head, open, payload, signature]);
  return evidenceOf(Buffer.from(encode(message)), 'application/cose');
}
