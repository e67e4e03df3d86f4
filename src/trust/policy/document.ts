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
  pem: z.string().optional(),
  notBefore: moment.optional(),
  notAfter: moment.optional(),
});

const authority = z.strictObject({
  name,
  key: z
    .strictObject({
      root: name.optional().describe('Trust root that proofs are judged by; public-good when absent.'),
      keys: z.array(key).min(1, 'expected at least one key, got none').max(100),
    })
    .optional(),
  keyless: z
    .strictObject({
      identities: z
        .array(
          z.strictObject({
            issuer: text.optional(),
            issuerPattern: text.optional(),
            subject: text.optional(),
            subjectPattern: text.optional(),
          }),
        )
        .min(1, 'expected at least one identity, got none')
        .max(100),
      root: name.optional().describe('Name of a trust root in spec.roots; public-good when absent.'),
    })
    .optional(),
  notation: z
    .strictObject({
      trustedIdentities: z.array(text).min(1, 'expected at least one identity, got none').max(100),
      stores: z
        .array(
          z.strictObject({
            type: oneOf(['ca', 'signingAuthority', 'tsa']),
            name,
            files: z.array(text).min(1).max(100).optional(),
            pem: z.string().optional(),
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
    .optional(),
  proofs: z
    .strictObject({ log: z.boolean().optional(), timestamp: z.boolean().optional() })
    .optional()
    .describe('Asked for beside the signature; keyless always has them.'),
});

const rule = z.strictObject({
  name,
  mode: oneOf(modes).optional(),
  images: images.optional(),
  labels: labels.optional(),
  registries: images.optional(),
  digest: z.literal('required').optional(),
  signature: z
    .strictObject({
      by,
      atLeast: atLeast.optional(),
      formats: z.array(oneOf(formats)).min(1).optional(),
      platforms: oneOf(platformChoices).optional(),
    })
    .optional(),
  attestation: z
    .strictObject({
      type: text,
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
    .optional(),
  vulnerabilities: z
    .strictObject({
      by,
      summaryBy: by.optional(),
      severity: severity.optional(),
      kev: z.boolean().optional(),
      epss: z.number().gt(0).max(1).optional(),
      priority: z.number().gt(0).max(100).optional(),
      fixable: z.boolean().optional(),
      publishedFor: duration.optional(),
      grace: duration.optional(),
      unknownSeverity: severity.optional(),
      maxScanAge: duration.optional(),
      maxDatabaseAge: duration.optional(),
      platforms: oneOf(['allPlatforms', 'nodePlatforms']).optional(),
    })
    .optional(),
  age: z.strictObject({ max: duration }).optional(),
  base: z
    .strictObject({ allowed: images.optional(), by: by.optional(), wait: duration.optional() })
    .optional(),
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

const exception = z.strictObject({
  rule: name.optional(),
  undecided: text.optional(),
  images,
  labels: labels.optional(),
  reason: text,
  author: text,
  expires: day,
});

const root = z.strictObject({
  name,
  file: text.optional().describe('trusted_root.json; the path is relative to the policy.'),
  tuf: z
    .strictObject({
      mirror: z.url({ protocol: /^https?$/ }),
      root: text.describe('root.json to begin with.'),
    })
    .optional(),
});

export const imagePolicyDocument = z.strictObject({
  apiVersion: z.literal(apiVersion, `expected ${apiVersion}`),
  kind: z.literal('ImagePolicy', 'expected ImagePolicy'),
  metadata: z.looseObject({ name }),
  spec: z.strictObject({
    registries: images.optional(),
    mutateDigest: z.boolean().optional(),
    roots: z.array(root).max(100).optional(),
    authorities: z.array(authority).max(100).optional(),
    rules: z.array(rule).max(200).optional(),
    suppressions: z.array(suppression).max(10_000).optional(),
    exceptions: z.array(exception).max(1000).optional(),
    revocations: z
      .array(z.strictObject({ digest, reason: text, author: text }))
      .max(10_000)
      .optional(),
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
  ...[key, authority, rule, suppression, exception, root].flatMap((schema) => Object.keys(schema.shape)),
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
