// Where a certificate says that its revocation is to be looked up (RFC 5280 sections 4.2.1.13 and 4.2.2.1).
import { type Certificate, elementsIn, parseDer, readOid, sequenceOf } from '../certificate/index.ts';

const uri = 0x86;
const mostUrls = 8;

/** URLs of OCSP responders. Throws CertificateFault. */
export function ocspUrls({ extensions }: Pick<Certificate, 'extensions'>): string[] {
  const access = extensions.get('1.3.6.1.5.5.7.1.1');
  if (access === undefined) return [];
  const urls: string[] = [];
  for (const description of sequenceOf(parseDer(access.value))) {
    const [method, location] = sequenceOf(description);
    if (readOid(method) === '1.3.6.1.5.5.7.48.1' && location?.tag === uri)
      urls.push(location.content.toString('latin1'));
  }
  return urls.slice(0, mostUrls);
}

/** URLs of CRLs, of all points: each may hold another part. Throws CertificateFault. */
export function crlUrls({ extensions }: Pick<Certificate, 'extensions'>): string[] {
  const points = extensions.get('2.5.29.31');
  if (points === undefined) return [];
  const urls: string[] = [];
  for (const point of sequenceOf(parseDer(points.value))) {
    const [name] = sequenceOf(point);
    if (name?.tag === 0xa0) urls.push(...fullNames(name.content));
  }
  return urls.slice(0, mostUrls);
}

/** The URLs of a DistributionPointName. */
export function fullNames(content: Buffer): string[] {
  return elementsIn(content)
    .filter(({ tag }) => tag === 0xa0)
    .flatMap((names) => elementsIn(names.content))
    .filter(({ tag }) => tag === uri)
    .map((name) => name.content.toString('latin1'));
}
