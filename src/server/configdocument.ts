// The YAML document of a server as people write it; docs/schema/server.schema.json is made from this schema.
import { z } from 'zod';

export const serverApiVersion = 'seaworthy.dev/v1alpha1';

const text = z.string().trim().min(1, 'expected text, got none').max(2000);
const name = text.regex(
  /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
  'expected lower-case letters, digits and "-"',
);
const span = z.string().regex(/^[1-9]\d{0,5}[smhdw]$/, 'expected a span such as 30s, 5m, 12h or 7d');
const address = text.regex(
  /^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]):\d{1,5}$/,
  'expected HOST:PORT, such as 127.0.0.1:7420',
);
const file = text.describe('Path, relative to the configuration.');
const tls = z
  .strictObject({ certificate: file, key: file })
  .describe('Certificate chain and key in PEM; without them HTTP is spoken.');
const mapping = z
  .record(text, z.string().max(2000))
  .describe(
    'Parameters of the pipeline; {id}, {image}, {tag}, {stagingTag}, {base}, {baseDigest} and {platforms} are filled in.',
  );

const pipeline = z
  .strictObject({
    name,
    buildah: z
      .strictObject({
        context: text.describe('Directory, or URL of a git repository.'),
        ref: text.optional().describe('Branch, tag or commit of the repository.'),
        directory: text.optional().describe('Directory in the repository.'),
        dockerfile: text.optional().describe('Dockerfile in the directory when absent.'),
        target: text.optional().describe('Stage that is built; the last when absent.'),
        args: z.record(text, z.string()).optional().describe('Build arguments.'),
      })
      .optional(),
    azurePipelines: z
      .strictObject({
        organization: z.url().describe('https://dev.azure.com/ORGANIZATION'),
        project: text,
        pipeline: z.int().positive().describe('Id of the pipeline.'),
        branch: text.optional().describe('Branch that is built; the default branch when absent.'),
        tokenFile: file
          .optional()
          .describe('Personal access token; the machine’s Azure identity when absent.'),
        parameters: mapping.optional(),
      })
      .optional(),
    jenkins: z
      .strictObject({
        url: z.url(),
        job: text.describe('FOLDER/JOB'),
        user: text,
        tokenFile: file.describe('API token of the user.'),
        parameters: mapping.optional(),
      })
      .optional(),
  })
  .refine((one) => [one.buildah, one.azurePipelines, one.jenkins].filter(Boolean).length === 1, {
    error: 'expected one of buildah, azurePipelines and jenkins',
  });

const target = z
  .strictObject({
    name,
    git: z
      .strictObject({
        repository: text.describe('Directory or URL of the repository that a cluster is deployed from.'),
        branch: text.optional().describe('Branch that the cluster follows; the default branch when absent.'),
        onBranch: z
          .boolean()
          .optional()
          .describe('Commit on that branch itself; else on a branch of its own, for a pull request.'),
        helmValues: z.array(text).max(100).optional(),
      })
      .optional(),
    cluster: name.optional().describe('Name of the cluster whose agent fetches the order.'),
  })
  .refine((one) => [one.git, one.cluster].filter(Boolean).length === 1, {
    error: 'expected one of git and cluster',
  });

const renewed = z.strictObject({
  match: text.describe('Pattern of HOST/REPOSITORY: "*" for any text without a slash, "**" for any.'),
  means: z
    .array(z.enum(['rebase', 'rebuild']))
    .min(1)
    .max(2)
    .optional()
    .describe('rebase, where proven safe, then rebuild when absent.'),
  pipeline: name.optional().describe('Pipeline that rebuilds it.'),
  patience: span.optional().describe('How long a rebuild may take; 1h when absent.'),
  consent: z
    .boolean()
    .optional()
    .describe('The owner’s word that a rebase is safe, where only that is missing.'),
  approval: z.boolean().optional().describe('A person is asked before the tag moves.'),
  rollout: z.array(name).max(100).optional().describe('Targets that follow.'),
  smokeTest: z
    .strictObject({
      command: z
        .array(z.string().min(1).max(4000))
        .min(1)
        .max(100)
        .describe(
          'Program and arguments, run on this machine without a shell; {image} is the new image by digest.',
        ),
      timeout: span.optional().describe('5m when absent.'),
    })
    .optional()
    .describe('Must exit with 0 before the tag moves.'),
  maxAge: span
    .optional()
    .describe('Renewed when it is older, even where its base did not move; needs a pipeline.'),
});

export const serverDocument = z.strictObject({
  apiVersion: z.literal(serverApiVersion).optional(),
  kind: z.literal('Server').optional(),
  listen: address.optional().describe('Where the HTTP API listens; 127.0.0.1:7420 when absent.'),
  tls: tls.optional(),
  url: z.url().optional().describe('How people and agents reach it, for texts and orders.'),
  log: z.enum(['debug', 'info', 'warn', 'error']).optional().describe('info when absent.'),
  database: text.optional().describe('postgres://… of the ledger; SQLite in the home when absent.'),
  policy: file.describe('ImagePolicy that images are judged by.'),
  signing: z
    .strictObject({
      key: text.describe(
        'Key that renewals and scans are signed with: a file as cosign writes it, or a key service.',
      ),
      passwordFile: file.optional().describe('Its password; SEAWORTHY_PASSWORD when absent.'),
    })
    .optional()
    .describe('Nothing is renewed without it.'),
  registry: z
    .strictObject({
      listen: address,
      tls: tls.optional(),
      anonymous: z
        .enum(['none', 'pull', 'push'])
        .optional()
        .describe('What needs no token; none when absent.'),
    })
    .optional()
    .describe('The registry of its own; none when absent.'),
  registries: z
    .strictObject({
      plainHttp: z.boolean().optional().describe('HTTP with registries on this machine’s own addresses.'),
      realms: z
        .array(text)
        .max(100)
        .optional()
        .describe('Hosts that may ask for the credentials of a registry.'),
      caFile: file.optional(),
    })
    .optional(),
  advisories: z
    .strictObject({
      from: text
        .optional()
        .describe('URL or directory of the feeds in osv.dev’s layout; osv.dev when absent.'),
      ecosystems: z.array(text).max(500).optional().describe('All when absent.'),
      every: span.optional().describe('How often they are brought up to date; 6h when absent.'),
      update: z.boolean().optional().describe('false: the database is left as it is.'),
      maxAge: span.optional().describe('How old they may be until that is said; 2d when absent.'),
      evidence: span
        .optional()
        .describe('How old the signed scan of what runs becomes until it is made anew; 12h when absent.'),
    })
    .optional(),
  watch: z
    .strictObject({
      images: z
        .array(text)
        .max(10_000)
        .optional()
        .describe('HOST/REPOSITORY:TAG that is watched and may be renewed.'),
      every: span.optional().describe('How often a tag is looked at; 5m when absent.'),
      debounce: span
        .optional()
        .describe('How long a base must stand still before its images follow; 30s when absent.'),
      events: z
        .array(
          z.strictObject({
            name,
            kind: z.enum(['distribution', 'acr']),
            secretFile: file.describe('What the registry sends as its Authorization header.'),
          }),
        )
        .max(100)
        .optional()
        .describe('Registries that may tell of pushes, at /v1/events/NAME.'),
    })
    .optional(),
  renewal: z
    .strictObject({
      images: z.array(renewed).max(1000).optional().describe('The first that fits counts.'),
      pipelines: z.array(pipeline).max(100).optional(),
      targets: z.array(target).max(100).optional(),
    })
    .optional(),
  notify: z
    .array(z.strictObject({ url: z.url(), secretFile: file }))
    .max(20)
    .optional()
    .describe('Who is told, by webhooks signed with the secret.'),
});

export type ServerDocument = z.output<typeof serverDocument>;
