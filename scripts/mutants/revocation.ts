// Mutants of trust/notation beside its first steps: revocation, timestamps, envelopes, names, policies and stores (N13).
import { type Mutant, mutantsOf } from './mutant.ts';

const folder = 'src/trust/notation';
const revocationTests = [`${folder}/revocation.test.ts`];

const ocsp = mutantsOf(`${folder}/ocsp.ts`, revocationTests, [
  {
    name: 'revocation: a refusal of a responder is read as an answer',
    find: 'if (code !== 0) throw',
    replace: 'if (code === 99) throw',
    red: ['refusals of a responder'],
  },
  {
    name: 'revocation: an OCSP answer need not be signed',
    find: 'if (!verifySigned(data!.raw, readOid(sequenceOf(algorithm)[0]), readBits(signature), signer.publicKey))',
    replace:
      'if (signature === undefined || signer === undefined || verifySigned === undefined || readBits === undefined)',
    red: ['an OCSP answer that is not about this certificate'],
  },
  {
    name: 'revocation: any certificate of the issuer answers for it',
    find: 'if (!delegate.extendedKeyUsage?.includes(ocspSigning))',
    replace: "if (delegate.extendedKeyUsage?.includes('') || ocspSigning === undefined)",
    red: ['a delegate of the issuer answers'],
  },
  {
    name: 'revocation: a responder names itself',
    find: 'if (!isIssuedBy(delegate, issuer)) throw',
    replace: 'if (isIssuedBy === undefined) throw',
    red: ['a delegate of the issuer answers'],
  },
  {
    name: 'revocation: a responder whose certificate ran out answers',
    find: 'if (!isValidAt(delegate, now)) throw',
    replace: 'if (!isValidAt(delegate, delegate.notAfter + now * 0)) throw',
    red: ['a delegate of the issuer answers'],
  },
  {
    name: 'revocation: a responder that may be revoked itself is believed',
    find: 'if (!delegate.extensions.has(noCheck) && ocspUrls(delegate).length + crlUrls(delegate).length > 0)',
    replace:
      'if (!delegate.extensions.has(noCheck) && ocspUrls(delegate).length + crlUrls(delegate).length > 99)',
    red: ['a delegate of the issuer answers'],
  },
  {
    name: 'revocation: an answer about another certificate counts',
    find: "serial!.content.toString('hex') === certificate.serial &&",
    replace: '',
    red: ['an OCSP answer that is not about this certificate'],
  },
  {
    name: 'revocation: an OCSP answer without an end counts',
    find: "if (next === undefined) throw invalid('an OCSP answer with nextUpdate', 'one without');",
    replace: "if (next === undefined) return { state: 'good', thisUpdate: 0, nextUpdate: 9e15 };",
    red: ['an OCSP answer that is not about this certificate'],
  },
]);

const crl = mutantsOf(`${folder}/crl.ts`, revocationTests, [
  {
    name: "revocation: another authority's CRL counts",
    find: 'if (!issuer.subject.equals(expectTag(name, 0x30).raw))',
    replace: 'if (name === undefined)',
    red: ['a list by a stranger'],
  },
  {
    name: 'revocation: an issuer that may not sign CRLs is believed',
    find: 'if (issuer.keyUsage !== undefined && !issuer.keyUsage.has(6))',
    replace: 'if (issuer.keyUsage?.has(99) === true)',
    red: ['an issuer that may not sign lists'],
  },
  {
    name: 'revocation: a CRL need not be signed',
    find: 'if (!verify()) return false;',
    replace: '',
    red: ['a list by a stranger'],
  },
  {
    name: 'revocation: a CRL without an end counts',
    find: "if (next === undefined) throw invalid('a CRL with nextUpdate', 'one without');\n  const entries",
    replace:
      "if (next === undefined) return { state: 'good', thisUpdate: 0, nextUpdate: 9e15 };\n  const entries",
    red: ['a list by a stranger'],
  },
  {
    name: 'revocation: what is on a CRL is not looked for',
    find: 'if (entry !== undefined) found = entry;',
    replace: 'if (entry === undefined) found = { state: found.state };',
    red: [
      'a list is believed by the word of the issuer',
      'the list decides where the responder does not',
      'an invalidity date after a vouched signing time',
      'a revoked certificate weighs more',
      'a signature by a revoked certificate',
    ],
  },
  {
    name: 'revocation: a delta CRL stands for the whole',
    find: "if (name === deltaIndicator) throw invalid('a whole CRL', 'a delta CRL');",
    replace: 'if (name === deltaIndicator) continue;',
    red: ['a list by a stranger'],
  },
  {
    name: 'revocation: critical extensions of a CRL are passed by',
    find: 'else if (values.length === 2 && readBoolean(values[0]))',
    replace: 'else if (values.length === 99 && readBoolean(values[0]))',
    red: ['a list by a stranger'],
  },
  {
    name: 'revocation: another part of the CRL stands in for the right one',
    find: 'if (!names.some((url) => own.includes(url)))',
    replace: 'if (names.length + own.length === 0)',
    red: ['a part of the list that another certificate belongs to'],
  },
  {
    name: 'revocation: a CRL of authorities alone covers everybody',
    find: 'if (!covers)',
    replace: 'if (covers === undefined)',
    red: ['a part of the list that another certificate belongs to'],
  },
]);

const judged = mutantsOf(`${folder}/revocation.ts`, revocationTests, [
  {
    name: 'revocation: an old answer hides a revocation',
    find: "return status.nextUpdate < now ? 'the answer has run out' : status;",
    replace: 'return status;',
    red: ['an OCSP answer that is not about this certificate', 'a list by a stranger'],
  },
  {
    name: 'revocation: an answer from the future counts',
    find: "if (status.thisUpdate > now + skew) return 'the answer is from the future';",
    replace: "if (skew < 0) return '';",
    red: ['an OCSP answer that is not about this certificate', 'a list by a stranger'],
  },
  {
    name: 'revocation: one of several lists is enough',
    find: 'if (lists.length > 0 && read.length === lists.length)',
    replace: 'if (read.length > 0)',
    red: ['the list decides where the responder does not'],
  },
  {
    name: 'revocation: not known is not revoked',
    find: "if (found.state === 'unknown') unknown ??= found;",
    replace: "if (found.state === 'unknown') continue;",
    red: [
      'a delegate of the issuer answers',
      'an OCSP answer that is not about this certificate',
      'refusals of a responder',
      'a list by a stranger',
      'an issuer that may not sign lists',
      'a part of the list that another certificate belongs to',
      'the list decides where the responder does not',
      'a revoked certificate weighs more',
      'a signature by a revoked certificate',
    ],
  },
  {
    name: 'revocation: an invalidity date counts without a vouched signing time',
    find: 'if (signedAt !== undefined && invalidFrom !== undefined && signedAt < invalidFrom)',
    replace: 'if (invalidFrom !== undefined && (signedAt ?? 0) < invalidFrom)',
    red: ['an invalidity date after a vouched signing time'],
  },
]);

const timeTests = [`${folder}/time.test.ts`];

const time = [
  ...mutantsOf(`${folder}/time.ts`, timeTests, [
    {
      name: 'notation: the accuracy of a timestamp is left out',
      find: 'checkValid(chain, time - accuracy, time + accuracy);',
      replace: 'checkValid(chain, time, time + accuracy * 0);',
      red: ['the accuracy of a timestamp'],
    },
    {
      name: 'notation: a timestamp that is missing is not missed',
      find: 'if (envelope.timestamp === undefined)\n    throw',
      replace:
        'if (envelope.timestamp === undefined) return { time: now };\n  if (envelope.timestamp === undefined)\n    throw',
      red: ['a timestamp is asked for always'],
    },
    {
      name: 'notation: any certificate makes timestamps',
      find: '  checkTimestampChain(timestampChain);\n',
      replace: '',
      red: ['a certificate for timestamps is for that alone'],
    },
    {
      name: 'notation: a signing authority signs after its certificate ran out',
      find: 'checkValid(chain, authenticSigningTime!, authenticSigningTime!);',
      replace: '',
      red: ['a signing authority vouches for its own time'],
    },
  ]),
  ...mutantsOf(`${folder}/verify.ts`, timeTests, [
    {
      name: 'notation: a revoked authority of timestamps is believed (CVE-2024-56138)',
      find: 'if (proven.timestampChain !== undefined) checkRevoked(walk, proven.timestampChain, undefined);',
      replace: '',
      red: ['a revoked authority of timestamps'],
    },
  ]),
];

const envelopeTests = [`${folder}/envelope.test.ts`];

const envelopes = [
  ...mutantsOf(`${folder}/attributes.ts`, envelopeTests, [
    {
      name: 'notation: a payload of any type counts',
      find: 'if (contentType !== payloadType)',
      replace: "if (contentType === '')",
      red: ['a protected header that says too little'],
    },
    {
      name: 'notation: what has to be critical need not be',
      find: 'if (wanted && !listed.delete(name)) throw',
      replace: "if (wanted && !listed.delete(name) && name === '') throw",
      red: ['an authentic signing time', 'a protected header that says too little'],
    },
    {
      name: 'notation: critical attributes that are not there are passed by',
      find: 'if (!rest.has(name as string | number))',
      replace: "if (name === '')",
      red: ['a protected header that says too little'],
    },
    {
      name: 'notation: an expiry before the signing time counts',
      find: 'expiry <= mine',
      replace: 'expiry < 0',
      red: ['a protected header that says too little'],
    },
  ]),
  ...mutantsOf(`${folder}/jws.ts`, envelopeTests, [
    {
      name: 'notation: a JWS has many spellings',
      find: "if (bytes.toString('base64url') !== text) throw",
      replace: 'if (bytes.length < 0) throw',
      red: ['a JWS has one spelling'],
    },
    {
      name: 'notation: a JWS says the same thing in two headers',
      find: "if (name === 'alg' || name === 'cty' || name === 'crit' || Object.hasOwn(rest, name))",
      replace: "if (name === '')",
      red: ['a JWS has one spelling'],
    },
  ]),
  ...mutantsOf(`${folder}/cose.ts`, envelopeTests, [
    {
      name: 'notation: a COSE header names one label twice',
      find: '  rejectDuplicateMapKeys: true,\n',
      replace: '',
      red: ['a COSE_Sign1 is strict'],
    },
    {
      name: 'notation: COSE comes in lengths without an end',
      find: 'allowIndefinite: false',
      replace: 'allowIndefinite: true',
      red: ['a COSE_Sign1 is strict'],
    },
    {
      name: 'notation: a COSE header says the same thing twice',
      find: "if (header.has(label) || (typeof label === 'number' && label <= 3))",
      replace: 'if (label === 99)',
      red: ['a COSE_Sign1 is strict'],
    },
  ]),
  ...mutantsOf(`${folder}/envelope.ts`, envelopeTests, [
    {
      name: 'notation: an envelope may be of any size',
      find: 'if (bytes.byteLength > largest)',
      replace: 'if (bytes.byteLength > largest * 1e6)',
      red: ['an envelope of more than 256 kilobytes'],
    },
  ]),
];

const policies = [
  ...mutantsOf(
    `${folder}/name.ts`,
    [`${folder}/name.test.ts`],
    [
      {
        name: 'notation: a name of two values is guessed at (CVE-2023-25656)',
        find: 'if (first === undefined || second !== undefined)',
        replace: 'if (first === undefined)',
        red: ['a name that could be read in two ways', 'a certificate whose name has a part of two values'],
      },
      {
        name: 'notation: the last of two attributes counts',
        find: 'if (name.has(type)) throw',
        replace: "if (type === '') throw",
        red: ['a name that could be read in two ways', 'a certificate whose name has a part of two values'],
      },
      {
        name: 'notation: a trusted identity may leave its country out',
        find: 'if (!name.has(type))\n',
        replace: 'if (mandatory.length === 0)\n',
        red: ['a name that could be read in two ways'],
      },
    ],
  ),
  ...mutantsOf(
    `${folder}/scope.ts`,
    [`${folder}/trustpolicy.test.ts`],
    [
      {
        name: 'notation: the policy for all goes before the one for the repository',
        find: "trustPolicies.find(({ registryScopes }) => registryScopes.includes(scope)) ??\n    trustPolicies.find(({ registryScopes }) => registryScopes.includes('*'))",
        replace:
          "trustPolicies.find(({ registryScopes }) => registryScopes.includes('*')) ??\n    trustPolicies.find(({ registryScopes }) => registryScopes.includes(scope))",
        red: ['a trust policy of every shape'],
      },
    ],
  ),
  ...mutantsOf(
    `${folder}/store.ts`,
    [`${folder}/truststore.test.ts`],
    [
      {
        name: 'notation: any certificate may be in a trust store',
        find: 'if (!own && certificate.ca !== true)',
        replace: 'if (own === undefined)',
        red: ['a certificate that signs itself may be in a store'],
      },
      {
        name: 'notation: a trust store leads out of its directory',
        find: "/^[A-Za-z0-9_.-]+$/.test(name) && name !== '.' && name !== '..'",
        replace: "name !== ''",
        red: ['neither a name nor a link leads out'],
      },
    ],
  ),
  ...mutantsOf(
    `${folder}/truststore.ts`,
    [`${folder}/truststore.test.ts`],
    [
      {
        name: 'notation: links in a trust store are followed',
        find: 'if (!entry.isFile()) throw',
        replace: 'if (entry.isDirectory()) throw',
        red: ['neither a name nor a link leads out'],
      },
    ],
  ),
  ...mutantsOf(
    `${folder}/fetchrevocation.ts`,
    [`${folder}/fetchrevocation.test.ts`],
    [
      {
        name: 'revocation: addresses of any kind are asked',
        find: 'if (!/^http:\\/\\//i.test(url)) return',
        replace: "if (url === '') return",
        red: ['only plain HTTP to an address that is allowed'],
      },
    ],
  ),
  ...mutantsOf(
    `${folder}/kept.ts`,
    [`${folder}/fetchrevocation.test.ts`],
    [
      {
        name: 'revocation: a cache that fails keeps from verifying (CVE-2024-51491)',
        find: '  } catch {\n    return undefined;\n  }\n}\n\nexport function toCache',
        replace: '  } catch (error) {\n    throw error;\n  }\n}\n\nexport function toCache',
        red: ['a cache that fails or holds nonsense'],
      },
    ],
  ),
];

export const revocation: readonly Mutant[] = [...ocsp, ...crl, ...judged, ...time, ...envelopes, ...policies];
