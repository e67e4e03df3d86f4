// Mutants of trust/notation: each step of its specification, and each rule for its certificates (N6, N13).
import { type Mutant, mutantsOf } from './mutant.ts';

const tests = ['src/trust/notation/verify.test.ts', 'src/trust/notation/chain.test.ts'];
const unfit = ['certificates that are not for signatures are refused'];
const whole = ['the chain has to be whole, in order and without more'];

const verify = mutantsOf('src/trust/notation/verify.ts', tests, [
  {
    name: 'notation: critical attributes that are not understood are passed by',
    find: 'if (envelope.unknown.length > 0)',
    replace: 'if (envelope.unknown.length < 0)',
    red: ['critical attributes that nobody understands'],
  },
  {
    name: 'notation: an expired signature counts',
    find: 'if (now >= expiry)',
    replace: 'if (now < 0)',
    red: ['an expiry in jws ends', 'an expiry in cose ends'],
  },
  {
    name: 'notation: a signature counts in the second of its expiry',
    find: 'if (now >= expiry)',
    replace: 'if (now > expiry)',
    red: ['an expiry in jws ends', 'an expiry in cose ends'],
  },
  {
    name: 'notation: a policy that skips verification vouches',
    find: "if (policy.signatureVerification.level === 'skip')",
    replace: "if (policy.name === '')",
    red: ['a policy that skips verification'],
  },
  {
    name: 'notation: what a level enforces is only logged',
    find: "if (action === 'enforce') throw rejection;",
    replace: '',
    red: [
      'an expiry in jws ends',
      'an expiry in cose ends',
      'a self-made chain with the names of the right one',
      'a trust store may hold the root',
      'a trust store of another kind does not count',
      'identities are compared as names',
      'a certificate cannot smuggle',
      'a policy is chosen by the whole repository',
      'an expired certificate is refused',
      'permissive and audit only log',
    ],
  },
  {
    name: 'notation: strangers make us fetch the addresses that they name',
    find: 'if (trusted) checkRevoked',
    replace: 'checkRevoked',
    red: ['only chains that are trusted in every other way'],
  },
]);

const integrity = mutantsOf('src/trust/notation/integrity.ts', tests, [
  {
    name: 'notation: the signature is not checked',
    find: 'if (!verifySignature(algorithm, signedBytes, key, signature))',
    replace: 'if (signature.length === 0)',
    red: [
      'a signature as jws that was changed',
      'a signature as cose that was changed',
      'a signature by another key',
      'permissive and audit only log',
      'only chains that are trusted',
    ],
  },
  {
    name: 'notation: the algorithm need not be that of the key',
    find: 'if (algorithmOf(key) !== algorithm)',
    replace: 'if (algorithm === undefined)',
    red: ['a signature is by the one algorithm of its key'],
  },
  {
    name: 'notation: a signature of another digest counts (CVE-2023-33959)',
    find: "['digest', 'mediaType', 'size'] as const",
    replace: "['mediaType', 'size'] as const",
    red: ['a signature as jws of another image', 'a signature as cose of another image'],
  },
  {
    name: 'notation: a signature of another media type counts (CVE-2023-33959)',
    find: "['digest', 'mediaType', 'size'] as const",
    replace: "['digest', 'size'] as const",
    red: ['a signature as jws of another image', 'a signature as cose of another image'],
  },
  {
    name: 'notation: a signature of another size counts (CVE-2023-33959)',
    find: "['digest', 'mediaType', 'size'] as const",
    replace: "['digest', 'mediaType'] as const",
    red: [
      'a signature as jws of another image',
      'a signature as cose of another image',
      'permissive and audit only log',
    ],
  },
  {
    name: 'notation: evidence beside another image counts',
    find: 'if (evidence.subject !== subject.digest)',
    replace: "if (evidence.subject === '')",
    red: ['evidence beside another image is refused'],
  },
]);

const trust = mutantsOf('src/trust/notation/trust.ts', tests, [
  {
    name: 'notation: a chain that leads to no trust store counts',
    find: 'if (!chain.some(({ raw }) => trusted.some((other) => other.raw.equals(raw))))',
    replace: 'if (trusted.length > 1e9)',
    red: [
      'a self-made chain with the names of the right one',
      'a trust store of another kind does not count',
      'permissive and audit only log',
      'only chains that are trusted',
    ],
  },
  {
    name: 'notation: a trust store of any kind counts',
    find: '.filter((store) => store.startsWith(`${kind}:`))',
    replace: ".filter((store) => (kind === 'tsa') === store.startsWith('tsa:'))",
    red: ['a trust store of another kind does not count'],
  },
  {
    name: 'notation: a trust store that is not there is an empty one',
    find: 'if (held === undefined)\n        throw',
    replace: 'if (held === undefined) return [];\n      if (held === undefined)\n        throw',
    red: ['a trust store of another kind does not count'],
  },
  {
    name: 'notation: any identity of a trusted authority counts',
    find: "if (trustedIdentities.includes('*')) return;",
    replace: 'if (trustedIdentities.length > 0) return;',
    red: [
      'identities are compared as names',
      'a certificate cannot smuggle',
      'a policy is chosen by the whole repository',
    ],
  },
]);

const chain = mutantsOf('src/trust/notation/chain.ts', tests, [
  {
    name: 'notation: keyUsage of a signer need not be critical',
    find: "throw unfit(leaf!, 'keyUsage to be critical', 'it is not');",
    replace: '{}',
    red: unfit,
  },
  {
    name: 'notation: a certificate of a server signs',
    find: 'if (foreign[purpose] !== undefined)',
    replace: "if (purpose === '')",
    red: unfit,
  },
  {
    name: 'notation: a certificate for another purpose signs',
    find: 'if (purposes !== undefined && !purposes.includes(codeSigning))',
    replace: "if (purposes?.includes('') === true)",
    red: unfit,
  },
  {
    name: 'notation: an authority signs images',
    find: "if (leaf.ca === true) throw unfit(leaf, 'a certificate that is no authority', 'an authority');",
    replace: '',
    red: unfit,
  },
  {
    name: 'notation: a certificate without digitalSignature signs',
    find: "if (bits === undefined || !bits.has(0)) throw unfit(leaf, 'keyUsage digitalSignature', 'none');",
    replace: 'if (bits === undefined) return;',
    red: unfit,
  },
  {
    name: 'notation: a certificate that may sign certificates signs images',
    find: 'if (bit > 1) throw',
    replace: 'if (bit > 99) throw',
    red: unfit,
  },
  {
    name: 'notation: certificates signed with SHA-1 count',
    find: 'if (weak.has(certificate.algorithm))',
    replace: "if (weak.has(''))",
    red: unfit,
  },
  {
    name: 'notation: weak keys of authorities count',
    find: 'if (!strong)',
    replace: 'if (strong === undefined)',
    red: unfit,
  },
  {
    name: 'notation: an issuer need be no authority',
    find: 'if (certificate.ca !== true || certificate.extensions.get(constraints)?.critical !== true)',
    replace: 'if (certificate.ca === false)',
    red: unfit,
  },
  {
    name: 'notation: an issuer may lack keyCertSign',
    find: 'if (certificate.extensions.get(usage)?.critical !== true || !certificate.keyUsage?.has(5))',
    replace: 'if (certificate.keyUsage === undefined)',
    red: unfit,
  },
  {
    name: 'notation: a chain may be longer than an authority allows',
    find: 'certificate.pathLength < authoritiesBelow',
    replace: 'certificate.pathLength < 0',
    red: unfit,
  },
  {
    name: 'notation: critical extensions that are not understood are passed by',
    find: 'if (critical && !understood.has(id))',
    replace: "if (critical && id === '')",
    red: unfit,
  },
  {
    name: 'notation: the end of a chain need not sign itself',
    find: 'if (!isIssuedBy(certificate, certificate))\n',
    replace: 'if (chain.length === 0)\n',
    red: whole,
  },
  {
    name: 'notation: certificates of a chain need not be issued by the next',
    find: '!isIssuedBy(certificate, issuer))',
    replace: 'issuer.raw.length === 0)',
    red: [...whole, 'a certificate is issued by a key'],
  },
  {
    name: 'notation: a name alone makes an issuer',
    find: 'certificate.issuer.equals(issuer.subject) && isSignedBy(certificate, issuer)',
    replace: 'certificate.issuer.equals(issuer.subject)',
    red: ['a certificate is issued by a key, not by a name'],
  },
  {
    name: 'notation: a second root may follow the first',
    find: '} else if (isIssuedBy(certificate, certificate) || ',
    replace: '} else if (',
    red: whole,
  },
]);

const attributes = mutantsOf('src/trust/notation/attributes.ts', tests, [
  {
    name: 'notation: a plugin that is not critical is passed by',
    find: 'rest.has(name) && !critical.includes(name)',
    replace: "rest.has(name) && name === ''",
    red: ['critical attributes that nobody understands'],
  },
]);

const time = mutantsOf('src/trust/notation/time.ts', tests, [
  {
    name: 'notation: expired certificates sign (N6)',
    find: 'if (!isValidAt(certificate, from) || !isValidAt(certificate, to))',
    replace: 'if (from > to)',
    red: ['an expired certificate is refused', 'permissive and audit only log'],
  },
]);

export const notation: readonly Mutant[] = [
  ...verify,
  ...integrity,
  ...trust,
  ...chain,
  ...attributes,
  ...time,
];
