// Whom a Fulcio certificate names (sigstore/fulcio docs/oid-info.md; RFC 5280 section 4.2.1.6).
import {
  type Certificate,
  elementsIn,
  expectTag,
  parseDer,
  readOid,
  sequenceOf,
} from '../certificate/index.ts';
import { type KeylessIdentity, matchesText, Rejection } from '../evidence/index.ts';

export interface CertificateIdentity {
  /** OIDC issuer. */
  issuer: string;
  /** Subject alternative name: a URI, an e-mail address or Fulcio's user name. */
  subject: string;
}

/** Throws Rejection `certificate-unfit` when it does not name exactly one. */
export function identityOf(certificate: Certificate): CertificateIdentity {
  return { issuer: issuerOf(certificate), subject: subjectOf(certificate) };
}

function issuerOf({ extensions }: Certificate): string {
  const current = extensions.get('1.3.6.1.4.1.57264.1.8');
  if (current !== undefined) return expectTag(parseDer(current.value), 0x0c).content.toString('utf8');
  const old = extensions.get('1.3.6.1.4.1.57264.1.1');
  if (old === undefined) throw unfit('an OIDC issuer', 'none');
  return old.value.toString('utf8');
}

function subjectOf({ extensions }: Certificate): string {
  const extension = extensions.get('2.5.29.17');
  if (extension === undefined) throw unfit('a subject alternative name', 'none');
  const names = sequenceOf(parseDer(extension.value));
  const [name] = names;
  if (names.length !== 1 || name === undefined)
    throw unfit('one subject alternative name', String(names.length));
  if (name.tag === 0x81 || name.tag === 0x86) return name.content.toString('utf8');
  if (name.tag !== 0xa0) throw unfit('an e-mail address, a URI or a user name', `tag ${name.tag}`);
  const [type, value] = elementsIn(name.content);
  if (readOid(type) !== '1.3.6.1.4.1.57264.1.7') throw unfit('a user name of Fulcio', readOid(type));
  return expectTag(elementsIn(expectTag(value, 0xa0).content)[0], 0x0c).content.toString('utf8');
}

/** Throws Rejection `identity-other` unless one of the identities is named, issuer and subject both. */
export function checkIdentity(found: CertificateIdentity, wanted: readonly KeylessIdentity[]): void {
  const fits = wanted.some(
    ({ issuer, subject }) => matchesText(issuer, found.issuer) && matchesText(subject, found.subject),
  );
  if (fits) return;
  const names = wanted.map(({ issuer, subject }) => `${textOf(subject)} (${textOf(issuer)})`);
  throw new Rejection(
    'identity-other',
    `expected ${names.slice(0, 3).join(' or ')}, got ${found.subject} (${found.issuer})`,
  );
}

function textOf(match: KeylessIdentity['issuer']): string {
  return 'exact' in match ? match.exact : match.pattern;
}

function unfit(expected: string, got: string): Rejection {
  return new Rejection('certificate-unfit', `expected ${expected} in the certificate, got ${got}`);
}
