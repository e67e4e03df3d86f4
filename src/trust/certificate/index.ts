// Certificates, chains and timestamps. Pure: no I/O.
export {
  type Certificate,
  certificatePem,
  isSignedBy,
  parseCertificate,
  parseCertificates,
  verifySigned,
} from './certificate.ts';
export { buildChain, type ChainProblem, isValidAt, mayIssue } from './chain.ts';
export {
  checkDepth,
  childrenOf,
  type Der,
  elementsIn,
  expectTag,
  parseDer,
  readBits,
  readBoolean,
  readInteger,
  readOid,
  readTime,
  sequenceOf,
  writeDer,
  writeInteger,
  writeOid,
} from './der.ts';
export { CertificateFault, type CertificateFaultCode } from './fault.ts';
export { type Timestamp, type TimestampAuthority, tokenOf, verifyTimestamp } from './timestamp.ts';
