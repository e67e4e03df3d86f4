// The rules of Notation for the certificates of a signature (signature-specification.md, Certificate requirements).
import { type Certificate, isSignedBy } from '../certificate/index.ts';
import { Rejection } from '../evidence/index.ts';
import { algorithmOf, describeKey } from './algorithm.ts';
import { quoteName } from './name.ts';

const usage = '2.5.29.15';
const extended = '2.5.29.37';
const constraints = '2.5.29.19';
const codeSigning = '1.3.6.1.5.5.7.3.3';
const timeStamping = '1.3.6.1.5.5.7.3.8';
const anyPurpose = '2.5.29.37.0';

/** Names, key identifiers and policies narrow nothing here; any other critical extension is not understood. */
const understood = new Set([
  usage,
  extended,
  constraints,
  '2.5.29.14',
  '2.5.29.17',
  '2.5.29.32',
  '2.5.29.35',
]);

/** Purposes that a certificate for signatures must not have beside: its key would sign for something else as well. */
const foreign: Readonly<Record<string, string>> = {
  [anyPurpose]: 'any purpose',
  '1.3.6.1.5.5.7.3.1': 'serverAuth',
  '1.3.6.1.5.5.7.3.2': 'clientAuth',
  '1.3.6.1.5.5.7.3.4': 'emailProtection',
  [timeStamping]: 'timeStamping',
  '1.3.6.1.5.5.7.3.9': 'OCSPSigning',
};

/** MD2, MD5 and SHA-1 with RSA, DSA and ECDSA. */
const weak = new Set([
  '1.2.840.113549.1.1.2',
  '1.2.840.113549.1.1.4',
  '1.2.840.113549.1.1.5',
  '1.3.14.3.2.29',
  '1.2.840.10040.4.3',
  '1.2.840.10045.4.1',
]);

/** A chain for signatures: leaf first, root last, complete. Times and trust are asked for elsewhere. Throws Rejection. */
export function checkSigningChain(chain: readonly Certificate[]): void {
  checkOrder(chain, codeSigning);
  const [leaf] = chain;
  checkLeaf(leaf!);
  if (leaf!.extensions.get(usage)?.critical !== true)
    throw unfit(leaf!, 'keyUsage to be critical', 'it is not');
  const purposes = leaf!.extendedKeyUsage;
  for (const purpose of purposes ?? [])
    if (foreign[purpose] !== undefined)
      throw unfit(leaf!, 'a certificate for signatures alone', foreign[purpose]);
  if (purposes !== undefined && !purposes.includes(codeSigning))
    throw unfit(leaf!, 'the purpose codeSigning', purposes.join(', '));
}

/** A chain for timestamps (RFC 3161 section 2.3). Throws Rejection. */
export function checkTimestampChain(chain: readonly Certificate[]): void {
  checkOrder(chain, timeStamping);
  const [leaf] = chain;
  checkLeaf(leaf!);
  const purposes = leaf!.extendedKeyUsage;
  if (
    purposes?.length !== 1 ||
    purposes[0] !== timeStamping ||
    leaf!.extensions.get(extended)?.critical !== true
  )
    throw unfit(leaf!, 'the purpose timeStamping alone, and critical', purposes?.join(', ') ?? 'none');
}

/** Each is issued by the next, the last by itself and none before it: an extra root would be a second way to trust. */
function checkOrder(chain: readonly Certificate[], purpose: string): void {
  for (const [at, certificate] of chain.entries()) {
    const issuer = chain[at + 1];
    checkExtensions(certificate);
    checkKey(certificate);
    if (weak.has(certificate.algorithm))
      throw new Rejection(
        'algorithm-refused',
        `expected a certificate signed with SHA-256 or better, got SHA-1 or worse for ${quoteName(certificate.subject)}`,
      );
    if (issuer === undefined) {
      if (!isIssuedBy(certificate, certificate))
        throw new Rejection(
          'certificate-untrusted',
          `expected a chain to a root that signs itself, got one that ends with ${quoteName(certificate.subject)}`,
        );
    } else if (isIssuedBy(certificate, certificate) || !isIssuedBy(certificate, issuer))
      throw new Rejection(
        'certificate-untrusted',
        `expected ${quoteName(certificate.subject)} to be issued by the next certificate, ${quoteName(issuer.subject)}, got one that is not`,
      );
    if (at > 0) checkAuthority(certificate, at - 1);
    if (at > 0 && issuer !== undefined) checkPurpose(certificate, purpose);
  }
}

export function isIssuedBy(certificate: Certificate, issuer: Certificate): boolean {
  return certificate.issuer.equals(issuer.subject) && isSignedBy(certificate, issuer);
}

function checkLeaf(leaf: Certificate): void {
  if (leaf.ca === true) throw unfit(leaf, 'a certificate that is no authority', 'an authority');
  const bits = leaf.keyUsage;
  if (bits === undefined || !bits.has(0)) throw unfit(leaf, 'keyUsage digitalSignature', 'none');
  // contentCommitment may stand beside it; encryption and the signing of certificates and CRLs may not
  for (const bit of bits)
    if (bit > 1) throw unfit(leaf, 'keyUsage digitalSignature alone', `bit ${bit} beside it`);
  if (algorithmOf(leaf.publicKey) === undefined)
    throw new Rejection(
      'algorithm-refused',
      `expected a key of RSA 2048, 3072, 4096 or EC P-256, P-384, P-521, got ${describeKey(leaf.publicKey)}`,
    );
}

function checkAuthority(certificate: Certificate, authoritiesBelow: number): void {
  if (certificate.ca !== true || certificate.extensions.get(constraints)?.critical !== true)
    throw unfit(certificate, 'basicConstraints with cA, critical', 'none');
  if (certificate.extensions.get(usage)?.critical !== true || !certificate.keyUsage?.has(5))
    throw unfit(certificate, 'keyUsage keyCertSign, critical', 'none');
  if (certificate.pathLength !== undefined && certificate.pathLength < authoritiesBelow)
    throw unfit(certificate, `at most ${certificate.pathLength} authorities below it`, `${authoritiesBelow}`);
}

/** An intermediate that names purposes hands no other down: one for servers makes no signers. */
function checkPurpose(certificate: Certificate, purpose: string): void {
  const purposes = certificate.extendedKeyUsage;
  if (purposes !== undefined && !purposes.includes(purpose) && !purposes.includes(anyPurpose))
    throw unfit(certificate, `an authority for the purpose ${purpose}`, purposes.join(', '));
}

function checkExtensions(certificate: Certificate): void {
  for (const [id, { critical }] of certificate.extensions)
    if (critical && !understood.has(id)) throw unfit(certificate, 'critical extensions that are known', id);
}

function checkKey({ publicKey, subject }: Certificate): void {
  const { modulusLength, namedCurve } = publicKey.asymmetricKeyDetails ?? {};
  const strong =
    (publicKey.asymmetricKeyType === 'rsa' && (modulusLength ?? 0) >= 2048) ||
    (publicKey.asymmetricKeyType === 'ec' &&
      ['prime256v1', 'secp384r1', 'secp521r1'].includes(namedCurve ?? ''));
  if (!strong)
    throw new Rejection(
      'algorithm-refused',
      `expected RSA of 2048 bits or more, or EC P-256, P-384 or P-521, got ${describeKey(publicKey)} for ${quoteName(subject)}`,
    );
}

function unfit({ subject }: Certificate, expected: string, got: string): Rejection {
  return new Rejection('certificate-unfit', `expected ${expected}, got ${got} in ${quoteName(subject)}`);
}
