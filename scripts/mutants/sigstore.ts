// Mutants of trust/sigstore: each step of the client specification, and each way around it that once was a CVE.
import { type Mutant, mutantsOf } from './mutant.ts';

const tests = ['verify', 'simplesigning', 'log'].map((name) => `src/trust/sigstore/${name}.test.ts`);

const verify = mutantsOf('src/trust/sigstore/verify.ts', tests, [
  {
    name: 'sigstore: a signature by any key counts as one of a trusted key',
    find: 'const key = trusted.find(({ object }) => isSignature(entity, object));',
    replace: 'const key = trusted[0];',
    red: [
      'the payload is not parsed before its signature is verified',
      'a signature by another key does not count',
      'a changed payload does not count',
      'a signature of the manifest itself counts for that manifest alone',
    ],
  },
  {
    name: 'sigstore: the signature of a certificate is not checked',
    find: 'if (!isSignature(entity, certificate.publicKey))',
    replace: 'if (entity.signature.length === 0)',
    red: ['the signature has to be by the certificate, whatever a log wrote down'],
  },
  {
    name: 'sigstore: keyless needs no log',
    find: '{ ...authority.proofs, log: true }',
    replace: 'authority.proofs',
    red: [
      'a log of the root whose key is of a kind that proves nothing',
      'an entry of a log that nobody here knows is passed by, and spoils no other',
      'a keyless signature without a log entry does not count',
      'a log that the trust root does not name is as good as none',
      'a timestamp over another signature does not count',
      'a timestamp of an authority that nobody trusts does not count (N6)',
    ],
  },
  {
    name: 'sigstore: keyless needs no trusted time',
    find: "if (times.length === 0)\n    throw new Rejection('timestamp-missing'",
    replace:
      "if (times.length === 0) times.push(certificate.notBefore);\n  if (times.length === 0)\n    throw new Rejection('timestamp-missing'",
    red: [
      'log version 2 tells no time: without a timestamp nobody knows when the certificate was used',
      'the time of a log counts only with its promise over that time (N6, CVE-2026-48816)',
    ],
  },
  {
    name: 'sigstore: a certificate of any authority counts',
    find: 'for (const time of times) checkCertificate(certificate, entity.intermediates, root, time);',
    replace: '',
    red: [
      'a log of the root whose key is of a kind that proves nothing',
      'a certificate timestamp that its log did not sign, or made outside its time, does not count',
      'a certificate that signed itself does not count',
      'a certificate of another authority does not count',
      'a certificate counts only while its authority does',
      'a certificate that no log saw does not count',
      'a certificate used after it ran out does not count',
      'a certificate for something else does not count',
      'a certificate that was never logged does not count',
    ],
  },
  {
    name: 'sigstore: the identity of a certificate is not compared (N5)',
    find: 'checkIdentity(identity, authority.identities);',
    replace: '',
    red: [
      'another identity or issuer does not count (N5)',
      'a pattern of identities fits the whole of it (N5)',
    ],
  },
]);

const issuer = mutantsOf('src/trust/sigstore/issuer.ts', tests, [
  {
    name: 'sigstore: an authority counts for ever',
    find: "chain === 'expired' || !isWithin(authority.validFor, time)",
    replace: "chain === 'expired'",
    red: ['a certificate counts only while its authority does'],
  },
  {
    name: 'sigstore: a certificate for another purpose signs',
    find: "if (certificate.extendedKeyUsage?.includes('1.3.6.1.5.5.7.3.3') !== true || certificate.ca === true)",
    replace: 'if (certificate.ca === true)',
    red: ['a certificate for something else does not count'],
  },
  {
    name: 'sigstore: a certificate that no log saw counts',
    find: 'checkSct(certificate, chain[1] ?? chain[0]!, root.certificateLogs);',
    replace: '',
    red: [
      'a log of the root whose key is of a kind that proves nothing',
      'a certificate timestamp that its log did not sign, or made outside its time, does not count',
      'a certificate that no log saw does not count',
      'a certificate that was never logged does not count',
    ],
  },
]);

const time = mutantsOf('src/trust/sigstore/time.ts', tests, [
  {
    name: 'sigstore: a log that was asked for may be missing',
    find: 'if (proofs.log && logged.logs.size === 0)',
    replace: 'if (proofs.log && logged.logs.size < 0)',
    red: [
      'a log of the root whose key is of a kind that proves nothing',
      'an entry of a log that nobody here knows is passed by, and spoils no other',
      'a keyless signature without a log entry does not count',
      'a signature by a key counts by itself, and proofs are asked for only where the authority wants them',
      'a log that the trust root does not name is as good as none',
    ],
  },
  {
    name: 'sigstore: a timestamp that was asked for may be missing',
    find: 'if (proofs.timestamp && stamped.length === 0)',
    replace: 'if (proofs.timestamp && stamped.length < 0)',
    red: [
      'a timestamp over the signature is a trusted time',
      'a signature by a key counts by itself, and proofs are asked for only where the authority wants them',
    ],
  },
]);

const content = mutantsOf('src/trust/sigstore/content.ts', tests, [
  {
    name: 'sigstore: an envelope of any payload type counts (N3)',
    find: 'if (envelope.payloadType !== inTotoType)',
    replace: "if (envelope.payloadType === '')",
    red: ['an envelope of another payload type does not count (N3)'],
  },
  {
    name: 'sigstore: a statement about another image counts (N4)',
    find: 'if (!subjects.includes(digest))',
    replace: 'if (subjects.length === 0)',
    red: ['a statement about another image does not count (N4)'],
  },
  {
    name: 'sigstore: a payload about another image counts (N4)',
    find: 'if (named !== digest)',
    replace: "if (named === '')",
    red: ['a payload about another image does not count, though its signature is good (N4)'],
  },
  {
    name: 'sigstore: any attestation counts as a signature of the image (N18)',
    find: 'return predicateType === cosignSignPredicate ? undefined : { predicateType, predicate };',
    replace: 'return predicate === null ? { predicateType, predicate } : undefined;',
    red: [
      'an attestation in an envelope counts as one',
      'an attestation tells its predicate type and is no signature of the image',
    ],
  },
]);

const log = mutantsOf('src/trust/sigstore/log.ts', tests, [
  {
    name: 'sigstore: entries of any log count',
    find: 'const logs = root.transparencyLogs.filter((log) => isLogOf(entry, log));',
    replace: 'const logs = root.transparencyLogs;',
    red: ['an entry of a log that nobody here knows is passed by, and spoils no other'],
  },
  {
    name: 'sigstore: what a log entry is about is not compared (N2)',
    find: 'checkBody(entry.body, entity, verifier);',
    replace: 'void [checkBody, entity, verifier];',
    red: [
      'an entry is about this signature, not about another one of the same bytes by the same key (CVE-2022-36056)',
      'an entry over another payload proves nothing (N2, CVE-2022-23649)',
      'a changed payload does not count',
      'a log entry of another signature proves nothing (N2)',
      'a log entry of the same bytes by another key proves nothing (N2, CVE-2022-36056)',
      'the log entry names the very certificate, not only its signature (N2, CVE-2026-22703)',
    ],
  },
  {
    name: 'sigstore: a proof of inclusion is not checked',
    find: 'if (entry.proof !== undefined) checkInclusion(entry, entry.proof, log);',
    replace: '',
    red: [
      'a checkpoint is signed by its log, with the right root and size, too',
      'a part of the name of a log, or its name within a path, is not its name',
      'a path that leads to another root proves nothing',
      'a checkpoint that the log did not sign proves nothing',
      "a checkpoint counts only under the log's whole name",
    ],
  },
  {
    name: 'sigstore: the time of a log counts without its promise (N6)',
    find: 'checkPromise(entry, entry.promise, log);\n',
    replace: '\n',
    red: [
      'a promise that the log did not sign proves nothing',
      'the time of a log counts only with its promise over that time (N6, CVE-2026-48816)',
    ],
  },
  {
    name: 'sigstore: an entry needs neither promise nor proof',
    find: 'if (entry.proof === undefined) throw reason;',
    replace: '',
    red: ['an entry without promise and proof is not in a log'],
  },
  {
    name: 'sigstore: an entry that tells no time counts whenever its log counted',
    find: 'if (!otherwise.every((at) => isWithin(log.validFor, at))) throw outside();',
    replace: '',
    red: ['a log of version 2 counts in its own time'],
  },
  {
    name: 'sigstore: an entry counts outside the time of its log',
    find: '!isWithin(log.validFor, time) || ',
    replace: '',
    red: ['an entry that was made outside the time of its log proves nothing'],
  },
  {
    name: 'sigstore: a time that no calendar holds is taken from a log',
    find: ' || time > latest',
    replace: '',
    red: ['a log that promises a time which no calendar holds is not believed, and stops nothing'],
  },
  {
    name: 'sigstore: a path may lead to another root',
    find: '!root.equals(checkpoint.root)',
    replace: 'root.length === 0',
    red: ['a path that leads to another root proves nothing'],
  },
]);

const body = mutantsOf('src/trust/sigstore/logbody.ts', tests, [
  {
    name: 'sigstore: a log entry of other bytes counts (CVE-2022-23649)',
    find: "if (!said.digest.equals(createHash('sha256').update(wanted).digest()))",
    replace: 'if (!said.digest.equals(said.digest) || wanted.length < 0 || createHash === undefined)',
    red: [
      'an entry over another payload proves nothing (N2, CVE-2022-23649)',
      'a changed payload does not count',
    ],
  },
  {
    name: 'sigstore: a log entry of another signature counts (CVE-2022-36056)',
    find: 'if (!said.signature.equals(entity.signature))',
    replace: 'if (said.signature.length === 0)',
    red: [
      'an entry is about this signature, not about another one of the same bytes by the same key (CVE-2022-36056)',
    ],
  },
  {
    name: 'sigstore: a log entry of another certificate counts (CVE-2026-22703)',
    find: 'if (!isSameKey(said.key, verifier))',
    replace: 'if (!isSameKey(verifier.certificate ?? verifier.spki, verifier))',
    red: ['the log entry names the very certificate, not only its signature (N2, CVE-2026-22703)'],
  },
]);

const checkpoint = mutantsOf('src/trust/sigstore/checkpoint.ts', tests, [
  {
    name: 'sigstore: a checkpoint that its log did not sign counts',
    find: 'return verify(digest, Buffer.from(text), log.key, bytes.subarray(4));',
    replace: 'return verify !== undefined && digest !== text;',
    red: ['a checkpoint is signed by its log, with the right root and size, too'],
  },
  {
    name: 'sigstore: a checkpoint counts under any name',
    find: 'if (bytes.length < 5 || !isNameOf(name, log.baseUrl)) return false;',
    replace: 'if (bytes.length < 5) return false;',
    red: [
      'a part of the name of a log, or its name within a path, is not its name',
      "a checkpoint counts only under the log's whole name",
    ],
  },
  {
    name: 'sigstore: a part of the name of a log is enough',
    find: 'return name === `${url.host}${path}` || name === `${url.hostname}${path}`;',
    replace: 'return baseUrl.includes(name);',
    red: ['a part of the name of a log, or its name within a path, is not its name'],
  },
]);

const sct = mutantsOf('src/trust/sigstore/sct.ts', tests, [
  {
    name: 'sigstore: a certificate timestamp of any log counts',
    find: 'if (log === undefined || !isWithin(log.validFor, sct.time)) continue;',
    replace: 'if (log === undefined) return;',
    red: [
      'a log of the root whose key is of a kind that proves nothing',
      'a certificate timestamp that its log did not sign, or made outside its time, does not count',
      'a certificate that no log saw does not count',
      'a log of the root whose key is of a kind that proves nothing here vouches for nothing',
    ],
  },
  {
    name: 'sigstore: a certificate timestamp counts outside the time of its log',
    find: ' || !isWithin(log.validFor, sct.time)',
    replace: '',
    red: ['a certificate timestamp that its log did not sign, or made outside its time, does not count'],
  },
  {
    name: 'sigstore: a certificate timestamp is not checked',
    find: 'if (verify(digest, signed, log.key, sct.signature)) return;',
    replace: 'if (digest !== undefined && signed.length > 0) return;',
    red: [
      'a certificate timestamp that its log did not sign, or made outside its time, does not count',
      'a log of the root whose key is of a kind that proves nothing here vouches for nothing',
    ],
  },
]);

const identity = mutantsOf('src/trust/sigstore/identity.ts', tests, [
  {
    name: 'sigstore: the issuer of an identity is not compared (N5)',
    find: 'matchesText(issuer, found.issuer) && matchesText(subject, found.subject)',
    replace: 'issuer !== undefined && matchesText(subject, found.subject)',
    red: ['another identity or issuer does not count (N5)'],
  },
  {
    name: 'sigstore: the subject of an identity is not compared (N5)',
    find: 'matchesText(issuer, found.issuer) && matchesText(subject, found.subject)',
    replace: 'matchesText(issuer, found.issuer) && subject !== undefined',
    red: [
      'another identity or issuer does not count (N5)',
      'a pattern of identities fits the whole of it (N5)',
    ],
  },
  {
    name: 'sigstore: a certificate with two names is that of the first',
    find: 'if (names.length !== 1 || name === undefined)',
    replace: 'if (name === undefined)',
    red: ['a certificate with two names is nobody’s'],
  },
]);

const simple = mutantsOf('src/trust/sigstore/simplesigning.ts', tests, [
  {
    name: 'sigstore: a payload of any type is a signature of an image',
    find: "if (type !== 'cosign container image signature' && type !== 'https://sigstore.dev/cosign/sign/v1')",
    replace: "if (type === '')",
    red: ['a payload of another type does not count'],
  },
]);

const bundle = mutantsOf('src/trust/sigstore/bundle.ts', tests, [
  {
    name: 'sigstore: the first of several signatures in an envelope counts',
    find: 'if (envelope.signatures.length !== 1)',
    replace: 'if (envelope.signatures.length === 0)',
    red: ['several signatures in one envelope are not counted'],
  },
  {
    name: 'sigstore: bundles of any version are read',
    find: 'if (!types.includes(type))',
    replace: "if (type === '')",
    red: ['a bundle of another version, or of no one, is undecided'],
  },
]);

const window = mutantsOf('src/trust/sigstore/window.ts', tests, [
  {
    name: 'sigstore: a key counts outside its time',
    find: 'if (decisive.every((at) => isInside(key, at))) return;',
    replace: 'if (decisive.length > 0) return;',
    red: ['a key counts in its own time, and outside it only for what a trusted time puts inside'],
  },
  {
    name: 'sigstore: now decides about a key, whatever a timestamp proves',
    find: 'const decisive = times.length > 0 ? times : [now];',
    replace: 'const decisive = [now];',
    red: ['a key counts in its own time, and outside it only for what a trusted time puts inside'],
  },
]);

const merkle = mutantsOf(
  'src/trust/sigstore/merkle.ts',
  ['src/trust/sigstore/merkle.test.ts'],
  [
    {
      name: 'sigstore: entries and nodes of a log are hashed alike',
      find: '.update(Buffer.from([0]))',
      replace: '.update(Buffer.from([1]))',
      red: [
        'every entry of trees of every size up to 33 leads to the root',
        'a path that is too short or too long leads nowhere',
      ],
    },
    {
      name: 'sigstore: a path of the wrong length is followed',
      find: 'return last === 0n ? Buffer.from(hash) : undefined;',
      replace: 'return Buffer.from(hash);',
      red: ['a path that is too short or too long leads nowhere'],
    },
    {
      name: 'sigstore: an index past the end of a log is proven',
      find: 'if (index < 0n || index >= size) return undefined;',
      replace: '',
      red: ['an index at or past the end of the log leads nowhere, whatever the path'],
    },
  ],
);

export const sigstore: readonly Mutant[] = [
  ...verify,
  ...issuer,
  ...time,
  ...content,
  ...log,
  ...body,
  ...checkpoint,
  ...sct,
  ...identity,
  ...simple,
  ...bundle,
  ...window,
  ...merkle,
];
