// Mutants of trust's front and of its roots: what is gathered, kept and promoted (N1, N8, N12, N14, N18).
import { type Mutant, mutantsOf } from './mutant.ts';

const check = ['src/trust/check.test.ts', 'src/trust/gather.test.ts'];
const verdict = ['src/trust/verdicts.test.ts'];

const gather = mutantsOf('src/trust/gather.ts', check, [
  {
    name: 'front: what a registry lists as a referrer counts, whatever its subject',
    find: "if (manifest.kind !== 'manifest' || manifest.subject?.digest !== this.#digest) return;",
    replace: "if (manifest.kind !== 'manifest') return;",
    red: ['the signature of another image, put under this one, does not count'],
  },
  {
    name: 'front: what could not be listed is absent',
    find: 'this.unlisted.push(...formats.map((format) => ({ format, code, message })));',
    replace: 'void [formats, code, message];',
    red: [
      'an entry that says not what it is and cannot be read leaves every format open',
      'a signature that is larger than one may be is not fetched (N8)',
      'all evidence together has a limit, too (N8)',
      'what cannot be listed is undecided, never absent',
      'a list of signatures without end is cut off and undecided (N8)',
      'an attachment of a gigabyte is not fetched, and undecided (N8)',
    ],
  },
  {
    name: 'front: what lies beyond the limit is taken for one format',
    find: "this.unlisted.push(...formats.map((format) => ({ format, code: 'evidence-limit', message })));",
    replace: "this.unlisted.push({ format: formats[0]!, code: 'evidence-limit', message });",
    red: ['what lies beyond the limit may be of any format that was asked for'],
  },
  {
    name: 'front: signatures are fetched without end (N8)',
    find: 'const queue = [...items].slice(0, this.#limits.signatures);',
    replace: 'const queue = [...items];',
    red: [
      'what lies beyond the limit may be of any format that was asked for',
      'no more signatures are fetched than the limit, and that there are more is said (N8)',
    ],
  },
  {
    name: 'front: a list that was cut off is a whole one (N8)',
    find: 'if (items.length > queue.length)',
    replace: 'if (items.length < 0)',
    red: [
      'what lies beyond the limit may be of any format that was asked for',
      'no more signatures are fetched than the limit, and that there are more is said (N8)',
    ],
  },
  {
    name: 'front: a digest that is listed often is fetched often',
    find: 'if (seen.has(entry.digest)) return false;',
    replace: '',
    red: ['a digest that is listed twice is fetched once'],
  },
  {
    name: 'front: all evidence together has no limit (N8)',
    find: 'if (this.#bytes > this.#limits.evidenceBytes)',
    replace: 'if (this.#bytes < 0)',
    red: ['all evidence together has a limit, too (N8)'],
  },
  {
    name: 'front: attachments of any size are fetched (N8)',
    find: 'fetchBlob(registry, repository, layer, this.#limits.signatureBytes)',
    replace: 'fetchBlob(registry, repository, layer, 1e12)',
    red: ['a signature that is larger than one may be is not fetched (N8)'],
  },
]);

const evidence = mutantsOf('src/trust/verify.ts', check, [
  {
    name: 'front: evidence beside another image is verified for this one',
    find: 'if (evidence.subject !== subject.digest)',
    replace: "if (evidence.subject === '')",
    red: ['a good signature of this image that was found beside another does not count'],
  },
]);

const checks = mutantsOf('src/trust/check.ts', check, [
  {
    name: 'front: a registry that the policy refuses is asked all the same',
    find: 'if (barred !== undefined) return { verdict: barred, stale: loaded.stale };',
    replace: '',
    red: [
      'a registry that the policy does not allow never hears of us',
      'names that only look like an allowed registry are refused (N14)',
      'an empty policy allows nothing, and says so without asking anybody',
    ],
  },
  {
    name: 'front: callers who ask the same at once each do the work',
    find: 'if (work === undefined) {',
    replace: 'if (work !== null) {',
    red: ['callers who ask for the same image at once share the work'],
  },
]);

const keys = [
  'repository',
  'digest',
  'given',
  'platforms',
  'labels',
  'policyHash',
  'rootsHash',
  'credentialScope',
  'purpose',
];
/** Tests whose own keys differ in that part alone. */
const also: Readonly<Record<string, string[]>> = {
  platforms: ['values that run into each other are still two keys'],
  policyHash: ['of too many verdicts the oldest goes'],
};

const verdicts = mutantsOf('src/trust/verdicts.ts', verdict, [
  ...keys.map((part) => ({
    name: `front: a kept verdict answers for every ${part}`,
    find: `      parts.${part},\n`,
    replace: '',
    red: [`a verdict is not the answer for another ${part}`, ...(also[part] ?? [])],
  })),
  {
    name: 'front: a kept verdict outlives the moment that a rule can change',
    find: 'const expires = Math.min(keptAt + longest, until);',
    replace: 'const expires = keptAt + longest;',
    red: ['a verdict ends at the first moment that a rule can change'],
  },
  {
    name: 'front: a kept verdict never ends',
    find: 'if (now >= entry.expires) {',
    replace: 'if (now < 0) {',
    red: [
      'a verdict ends at the first moment that a rule can change',
      'a verdict ends after its longest time, a denial sooner',
    ],
  },
  {
    name: 'front: a signature that was withdrawn leaves the verdict standing',
    find: 'if (evidence !== entry.evidence && ',
    replace: "if (evidence === '?' && ",
    red: [
      'a background listing that differs drops the verdict; one that fails does not',
      'a signature that is withdrawn ends the verdict that leaned on it',
    ],
  },
  {
    name: 'front: a registry that is away takes verdicts with it',
    find: 'evidence = (await list()).join',
    replace:
      "evidence = (await list().catch(() => ['a good signature of this image that was found beside another does not count'])).join",
    red: ['a background listing that differs drops the verdict; one that fails does not'],
  },
]);

const promote = mutantsOf(
  'src/trust/promote.ts',
  ['src/trust/promote.test.ts'],
  [
    {
      name: 'front: promotion follows the tag at its source',
      find: 'digest: image.digest,\n  };\n  const target',
      replace: "tag: image.reference.tag ?? 'latest',\n  };\n  const target",
      red: ['what is promoted is what was judged, even when the tag at the source has moved'],
    },
    {
      name: 'front: the digest that a tag leaves is lost',
      find: 'const kept = await keepOld(destination, to.tag, image.digest);',
      replace: 'const kept: string | undefined = undefined;',
      red: ['the digest that the tag leaves is kept by a tag of its own'],
    },
    {
      name: 'front: promotion leaves the evidence of platforms behind',
      find: 'of [image.digest, ...childDigests(image)])',
      replace: 'of [image.digest])',
      red: [
        'an index goes with all platforms, signatures and attestations, with the referrers API',
        'an index goes with all platforms, signatures and attestations, with the fallback tag',
      ],
    },
  ],
);

const root = mutantsOf(
  'src/trust/root/trustedroot.ts',
  ['src/trust/root/trustedroot.test.ts'],
  [
    {
      name: 'front: an authority without certificates is read',
      find: 'if (certificates.length === 0) throw',
      replace: 'if (certificates.length < 0) throw',
      red: ['an authority without certificates, another media type and no JSON are refused'],
    },
  ],
);

const validity = mutantsOf(
  'src/trust/root/validity.ts',
  ['src/trust/root/trustedroot.test.ts'],
  [
    {
      name: 'front: an authority without a start counts since ever (gap a)',
      find: 'start: readInstant(start, `',
      replace: 'start: start === undefined ? 0 : readInstant(start, `',
      red: ['an authority without a start would vouch for what was made before it: refused'],
    },
  ],
);

const tuf = mutantsOf(
  'src/trust/root/tuf.ts',
  ['src/trust/root/tuf.test.ts'],
  [
    {
      name: 'front: anything that a TUF repository signs is a trusted root',
      find: 'parseTrustedRoot(text);\n',
      replace: '\n',
      red: ['a target that is signed and is no trusted root is refused, and the one at hand stays'],
    },
  ],
);

const timestamps = mutantsOf(
  'src/trust/certificate/timestamp.ts',
  ['src/trust/certificate/timestamp.test.ts'],
  [
    {
      name: 'certificate: a timestamp of any signer counts',
      find: 'checkSigner(signed, chain[0]!);',
      replace: '',
      red: ['a timestamp has to be signed by the key of its certificate'],
    },
    {
      name: 'certificate: the certificate that a timestamp names may be another',
      find: 'checkSigningCertificate(signed, chain[0]!);',
      replace: '',
      red: ['the certificate that the signed attribute names has to be the signer’s own'],
    },
    {
      name: 'certificate: any signed message is a timestamp',
      find: "if (signed.contentType !== '1.2.840.113549.1.9.16.1.4')",
      replace: "if (signed.contentType === '')",
      red: ['what is signed is a time, not any other message'],
    },
    {
      name: 'certificate: a timestamp that was refused counts',
      find: 'if (status !== 0n && status !== 1n)',
      replace: 'if (status < 0n)',
      red: ['an answer counts only when the authority granted it'],
    },
  ],
);

const told = mutantsOf(
  'src/trust/certificate/tstinfo.ts',
  ['src/trust/certificate/timestamp.test.ts'],
  [
    {
      name: 'certificate: a timestamp over other bytes counts',
      find: 'if (!createHash(name).update(signature).digest().equals(expectTag(digest, 0x04).content))',
      replace: 'if (expectTag(digest, 0x04).content.length + signature.length === 0)',
      red: ['a timestamp is over these bytes and no others'],
    },
  ],
);

const stampers = mutantsOf(
  'src/trust/certificate/stamper.ts',
  ['src/trust/certificate/timestamp.test.ts'],
  [
    {
      name: 'certificate: a certificate for another purpose makes timestamps (N6)',
      find: 'signer.extendedKeyUsage[0] !== timeStamping\n',
      replace: "signer.extendedKeyUsage[0] === ''\n",
      red: ['a certificate makes timestamps only when it is for that alone, and critical'],
    },
    {
      name: 'certificate: an authority of timestamps counts for ever',
      find: "return 'one outside the time in which the authority counts';",
      replace: '{}',
      red: ['an authority counts in its own time, and its certificates in theirs'],
    },
    {
      name: 'certificate: any authority issues certificates for timestamps',
      find: "return fit ? chain : 'an authority that may not issue timestamp certificates';",
      replace: "return fit === undefined ? '' : chain;",
      red: ['an authority between root and signer may be narrowed to other purposes'],
    },
  ],
);

const chains = mutantsOf(
  'src/trust/certificate/chain.ts',
  ['src/trust/certificate/chain.test.ts'],
  [
    {
      name: 'certificate: the name of an issuer is enough',
      find: '|| !isSignedBy(last, issuer)) continue;',
      replace: ') continue;',
      red: [
        'a chain leads from the leaf to a trusted root, in whatever order its parts come',
        'an issuer is one by its key, not by its name',
      ],
    },
    {
      name: 'certificate: whatever its certificate says, anyone issues',
      find: '!mayIssue(issuer, chain.length - 1) || ',
      replace: '',
      red: ['whoever is no authority issues nothing, whatever it signed'],
    },
    {
      name: 'certificate: certificates of a chain may have run out (N6)',
      find: 'if (chain.every((certificate) => isValidAt(certificate, search.at))) return [...chain];',
      replace: 'if (search.at > 0) return [...chain];',
      red: [
        'every certificate of a chain is valid at the time in question, intermediates and roots too (N6)',
      ],
    },
    {
      name: 'certificate: critical extensions that are not understood are passed by',
      find: 'if (!isUnderstood(last)) return undefined;',
      replace: '',
      red: ['a critical extension that nobody understands ends a chain'],
    },
  ],
);

export const front: readonly Mutant[] = [
  ...gather,
  ...evidence,
  ...checks,
  ...verdicts,
  ...promote,
  ...root,
  ...validity,
  ...tuf,
  ...timestamps,
  ...told,
  ...stampers,
  ...chains,
];
