// Certificates, chains and timestamps. Pure: no I/O.

export { type Certificate, parseCertificate } from './certificate.ts';
export { buildChain, type ChainProblem } from './chain.ts';
export { checkDepth } from './depth.ts';
export { childrenOf, type Der, elementsIn, expectTag, parseDer, sequenceOf } from './der.ts';
export { CertificateFault, type CertificateFaultCode } from './fault.ts';
export { type CertificateParts, makeCertificate } from './issue.ts';
export { isSignedBy, verifySigned } from './issued.ts';
export { isValidAt, mayIssue } from './link.ts';
export { readTime } from './moment.ts';
export { certificatePem, parseCertificates } from './pem.ts';
export type { TimestampAuthority } from './stamper.ts';
export { tokenOf, verifyTimestamp } from './timestamp.ts';
export type { Timestamp } from './tstinfo.ts';
export { readBits, readBoolean, readInteger, readOid } from './value.ts';
export { writeDer, writeInteger, writeOid } from './write.ts';
export {
  authorityKeyId,
  basicConstraints,
  dnsNames,
  extendedKeyUsage,
  keyUsage,
  purposes,
  subjectKeyId,
} from './writeextension.ts';
