// Certificates as text (RFC 7468).
import { type Certificate, parseCertificate } from './certificate.ts';
import { CertificateFault } from './fault.ts';

/** All certificates of a PEM text. Throws CertificateFault, also when there is none. */
export function parseCertificates(pem: string): Certificate[] {
  const blocks = [
    ...pem.matchAll(/-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g),
  ];
  if (blocks.length === 0)
    throw new CertificateFault('certificate-invalid', 'expected certificates in PEM, got none');
  return blocks.map(([, base64 = '']) => parseCertificate(Buffer.from(base64, 'base64')));
}

export function certificatePem(certificate: Pick<Certificate, 'raw'>): string {
  const lines = certificate.raw.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}
