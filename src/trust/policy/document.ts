// The YAML document of a policy as people write it; docs/schema/image-policy.schema.json is made from this schema.
import { z } from 'zod';
import { formats } from '../evidence/index.ts';
import { durationPattern } from './duration.ts';
import { meant } from './mistake.ts';
import { modes, platformChoices } from './rule.ts';

export const apiVersion = 'seaworthy.dev/v1alpha1';

/** One of a few words; a mistyped one is answered with the nearest. */
export function oneOf<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.enum(words, {
    error: ({ input }) =>
      `expected ${words.join(', ')}, got ${JSON.stringify(input)}${typeof input === 'string' ? meant(input, words) : ''}`,
  });
}

/** Says what is there in the place of text; `none` for a key that is missing. */
function noText({ input }: { input?: unknown }): string {
  if (input === undefined) return 'expected text, got none';
  return `expected text, got ${input === null ? 'nothing' : Array.isArray(input) ? 'a list' : typeof input === 'object' ? 'a map' : `${JSON.stringify(input)}, which YAML reads as no text: write it in quotes`}`;
}

const text = z.string({ error: noText }).trim().min(1, 'expected text, got none').max(2000);
const name = z
  .string({ error: noText })
  .regex(/^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/, 'expected lower-case letters, digits, "-" and "."');
const duration = z.string().regex(durationPattern, 'expected a span such as 12h, 7d or 2w');
/** `.` or an empty name would be no name: a cluster's API server refuses it as well, by the schema made from this. */
const identity = text.regex(/[A-Za-z0-9]/, {
  error: ({ input }) => `expected a name, got ${JSON.stringify(input)}`,
});
const moment = z.union(
  [z.iso.date(), z.iso.datetime({ offset: true })],
  'expected a day as YYYY-MM-DD, or a time with its zone',
);
const day = z.iso.date('expected a day as YYYY-MM-DD');
const digest = z
  .string()
  .regex(
    /^sha256:[a-f0-9]{64}$|^sha512:[a-f0-9]{128}$/,
    'expected a digest such as sha256:… with 64 hexadecimal digits',
  );
const images = z.array(text).min(1, 'expected at least one pattern, got none').max(1000);
const labels = z.record(text, z.union([text, z.array(text).min(1).max(100)]));
const severity = oneOf(['critical', 'high', 'medium', 'low', 'negligible']);
const by = z.array(name).min(1, 'expected the name of an authority, got none').max(100);
const atLeast = z.int().min(1).max(100);

const key = z.strictObject({
  file: text.optional().describe('Public key in PEM; the path is relative to the policy.'),
  pem: z.string().optional().describe('The public key itself, PEM.'),
  notBefore: moment.optional().describe('Signatures from before this day or time do not count.'),
  notAfter: moment.optional().describe('Signatures from after this day or time do not count.'),
});

const authority = z.strictObject({
  name,
  key: z
    .strictObject({
      root: name.optional().describe('Trust root that proofs are judged by; public-good when absent.'),
      keys: z
        .array(key)
        .min(1, 'expected at least one key, got none')
        .max(100)
        .describe('Keys that count as one signer: a key and the one that follows it.'),
    })
    .optional()
    .describe('Whoever holds one of these private keys.'),
  keyless: z
    .strictObject({
      identities: z
        .array(
          z.strictObject({
            issuer: identity.optional(),
            issuerPattern: identity.optional(),
            subject: identity.optional(),
            subjectPattern: identity.optional(),
          }),
        )
        .min(1, 'expected at least one identity, got none')
        .max(100)
        .describe('Issuer and subject of its tokens, exact or as anchored patterns.'),
      root: name.optional().describe('Name of a trust root in spec.roots; public-good when absent.'),
    })
    .optional()
    .describe('A pipeline or a person, by the identity that Fulcio certified.'),
  notation: z
    .strictObject({
      trustedIdentities: z
        .array(text)
        .min(1, 'expected at least one identity, got none')
        .max(100)
        .describe('x509.subject: and parts of the subject, as in Notation’s trust policy.'),
      stores: z
        .array(
          z.strictObject({
            type: oneOf(['ca', 'signingAuthority', 'tsa']),
            name,
            files: z
              .array(text)
              .min(1)
              .max(100)
              .optional()
              .describe('Certificates in PEM; paths are relative to the policy.'),
            pem: z.string().optional().describe('The certificates themselves, PEM.'),
          }),
        )
        .min(1, 'expected at least one trust store, got none')
        .max(100),
      level: oneOf(['strict', 'permissive']).optional(),
      override: z
        .strictObject({
          authenticTimestamp: oneOf(['enforce', 'log', 'skip']).optional(),
          expiry: oneOf(['enforce', 'log']).optional(),
          revocation: oneOf(['enforce', 'log', 'skip']).optional(),
        })
        .optional(),
      verifyTimestamp: oneOf(['always', 'afterCertExpiry']).optional(),
    })
    .optional()
    .describe('Holders of certificates that Notation signs with.'),
  proofs: z
    .strictObject({ log: z.boolean().optional(), timestamp: z.boolean().optional() })
    .optional()
    .describe('Asked for beside the signature; keyless always has them.'),
});

const rule = z.strictObject({
  name,
  mode: oneOf(modes)
    .optional()
    .describe(
      'enforce when absent; warn and audit tell and let pass. In a cluster, enforce needs a namespace that enforces.',
    ),
  images: images
    .optional()
    .describe('Anchored patterns of HOST/REPOSITORY that the rule is for; all images when absent.'),
  labels: labels
    .optional()
    .describe('Labels that must all fit; in a cluster those of the namespace, and its name as "namespace".'),
  registries: images
    .optional()
    .describe('The image must fit one of these patterns; unlike spec.registries with a mode and exceptions.'),
  digest: z.literal('required').optional().describe('The image must be named by digest.'),
  signature: z
    .strictObject({
      by,
      atLeast: atLeast.optional(),
      formats: z.array(oneOf(formats)).min(1).optional(),
      platforms: oneOf(platformChoices).optional(),
    })
    .optional()
    .describe('So many distinct signers of these must have signed it.'),
  attestation: z
    .strictObject({
      type: text.describe(
        'slsaprovenance, slsaprovenance1, slsaprovenance02, spdx, cyclonedx, vuln, openvex, vsa, scan, or a URI.',
      ),
      by,
      atLeast: atLeast.optional(),
      platforms: oneOf(platformChoices).optional(),
      builder: text.optional(),
      builderPattern: text.optional(),
      source: text.optional(),
      sourcePattern: text.optional(),
      ref: text.optional(),
      refPattern: text.optional(),
      buildType: text.optional(),
      buildTypePattern: text.optional(),
      verifier: text.optional(),
      resource: text.optional(),
      resourcePattern: text.optional(),
      levels: z.array(text).min(1).max(100).optional(),
      policyDigest: digest.optional(),
      maxAge: duration.optional(),
    })
    .optional()
    .describe('A signed statement about the image: provenance, SBOM, verification summary and others.'),
  vulnerabilities: z
    .strictObject({
      by,
      summaryBy: by
        .optional()
        .describe('Whose verification summaries stand in where there is no scan result.'),
      severity: severity.optional().describe('A finding counts from this severity on.'),
      kev: z.boolean().optional().describe('A finding counts when it is known to be exploited.'),
      epss: z.number().gt(0).max(1).optional().describe('A finding counts from this likelihood on.'),
      priority: z.number().gt(0).max(100).optional().describe('A finding counts from this priority on.'),
      fixable: z.boolean().optional().describe('Only findings count for which a fix can be had.'),
      publishedFor: duration.optional().describe('Only findings count that were published longer ago.'),
      grace: duration
        .optional()
        .describe('Only findings count that this digest has been known to have for longer.'),
      unknownSeverity: severity
        .optional()
        .describe('What a finding without severity counts as; undecided when absent.'),
      maxScanAge: duration.optional().describe('Age of the scan that is still believed.'),
      maxDatabaseAge: duration
        .optional()
        .describe('Age of the oldest advisories that the scan needed; 7d when absent.'),
      platforms: oneOf(['allPlatforms', 'nodePlatforms']).optional(),
    })
    .optional()
    .describe('No finding of a signed scan result may fit.'),
  age: z
    .strictObject({ max: duration })
    .optional()
    .describe('The image must have been made within this span.'),
  base: z
    .strictObject({ allowed: images.optional(), by: by.optional(), wait: duration.optional() })
    .optional()
    .describe('What the image stands on: of these, signed by these, known for this span.'),
});

const suppression = z.strictObject({
  id: text,
  purl: text,
  path: text.optional(),
  kind: oneOf(['not_affected', 'accepted']),
  justification: z
    .enum([
      'component_not_present',
      'vulnerable_code_not_present',
      'vulnerable_code_not_in_execute_path',
      'vulnerable_code_cannot_be_controlled_by_adversary',
      'inline_mitigations_already_exist',
    ])
    .optional(),
  reason: text,
  author: text,
  expires: day,
});

export const exceptionDocument = z.strictObject({
  rule: name.optional().describe('The rule that it lifts; or undecided, one of the two.'),
  undecided: text.optional().describe('The undecided code that it lifts; or rule, one of the two.'),
  images: images.describe('Anchored patterns of HOST/REPOSITORY that it is for.'),
  labels: labels.optional().describe('Labels that must all fit as well.'),
  reason: text.describe('Why, in a sentence that is shown whenever it is used.'),
  author: text.describe('Who answers for it.'),
  expires: day.describe('The last day that it holds, UTC.'),
});

const root = z.strictObject({
  name,
  file: text.optional().describe('trusted_root.json; the path is relative to the policy.'),
  json: z.string().max(200_000).optional().describe('The text of a trusted_root.json itself.'),
  tuf: z
    .strictObject({
      mirror: z.url({ protocol: /^https?$/ }),
      root: text.optional().describe('root.json to begin with; the path is relative to the policy.'),
      json: z.string().max(200_000).optional().describe('The text of the root.json itself.'),
    })
    .optional()
    .describe('A repository of The Update Framework that the trust root is kept up to date from.'),
});

export const imagePolicyDocument = z.strictObject({
  apiVersion: z.literal(apiVersion, `expected ${apiVersion}`),
  kind: z.literal('ImagePolicy', 'expected ImagePolicy'),
  metadata: z.looseObject({ name }),
  spec: z.strictObject({
    registries: images
      .optional()
      .describe(
        'Anchored patterns of HOST/REPOSITORY that every image must fit one of; no exception lifts this.',
      ),
    mutateDigest: z
      .boolean()
      .optional()
      .describe('Whether the cluster may put digests in where a workload names a tag; true when absent.'),
    exceptionsNeedApprover: z
      .boolean()
      .optional()
      .describe('Whether an ImageException counts only once another person than its author approved it.'),
    roots: z.array(root).max(100).optional().describe('Trust roots beside the public instance of Sigstore.'),
    authorities: z
      .array(authority)
      .max(100)
      .optional()
      .describe('Who may vouch, by the names that rules use.'),
    rules: z
      .array(rule)
      .max(200)
      .optional()
      .describe(
        'What images must meet: every rule that is for an image binds it, and an image without any is not allowed.',
      ),
    suppressions: z
      .array(suppression)
      .max(10_000)
      .optional()
      .describe('Findings set aside, each with reason, author and expiry.'),
    exceptions: z
      .array(exceptionDocument)
      .max(1000)
      .optional()
      .describe('Images let past one rule or one undecided reason, each with reason, author and expiry.'),
    revocations: z
      .array(z.strictObject({ digest, reason: text, author: text }))
      .max(10_000)
      .optional()
      .describe('Digests refused above every exception and grace; nothing that runs is killed.'),
  }),
  status: z.unknown().optional(),
});

export type PolicyDocument = z.output<typeof imagePolicyDocument>;
export type AuthorityDocument = z.output<typeof authority>;
export type RuleDocument = z.output<typeof rule>;

/** Words that a mistyped key is compared with. */
export const policyKeys: readonly string[] = [
  ...Object.keys(imagePolicyDocument.shape),
  ...Object.keys(imagePolicyDocument.shape.spec.shape),
  ...[key, authority, rule, suppression, exceptionDocument, root].flatMap((schema) =>
    Object.keys(schema.shape),
  ),
  ...Object.keys(rule.shape.signature.unwrap().shape),
  ...Object.keys(rule.shape.attestation.unwrap().shape),
  ...Object.keys(rule.shape.vulnerabilities.unwrap().shape),
  ...Object.keys(rule.shape.base.unwrap().shape),
  ...[
    'max',
    'keys',
    'identities',
    'issuer',
    'issuerPattern',
    'subject',
    'subjectPattern',
    'trustedIdentities',
    'stores',
    'level',
    'override',
    'verifyTimestamp',
    'files',
    'type',
    'log',
    'timestamp',
    'mirror',
    'digest',
  ],
];
