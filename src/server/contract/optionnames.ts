// The options of a server by name, for its help: what they are checked against need not be loaded to say them.
// The schema has them too, and a test compares.

export interface OptionName {
  /** `watch.every` */
  path: string;
  /** Text is taken as it is; anything else is read as YAML. */
  isText: boolean;
  description: string;
}

export const optionNames: readonly OptionName[] = [
  { path: 'listen', isText: true, description: 'Where the HTTP API listens; 127.0.0.1:7420 when absent.' },
  { path: 'tls.certificate', isText: true, description: 'Path, relative to the configuration.' },
  { path: 'tls.key', isText: true, description: 'Path, relative to the configuration.' },
  { path: 'url', isText: true, description: 'How people and agents reach it, for texts and orders.' },
  { path: 'log', isText: true, description: 'info when absent.' },
  {
    path: 'database',
    isText: true,
    description: 'postgres://… of the ledger; SQLite in the home when absent.',
  },
  { path: 'policy', isText: true, description: 'ImagePolicy that images are judged by.' },
  {
    path: 'signing.key',
    isText: true,
    description: 'Key that renewals and scans are signed with: a file as cosign writes it, or a key service.',
  },
  {
    path: 'signing.passwordFile',
    isText: true,
    description: 'Its password; SEAWORTHY_PASSWORD when absent.',
  },
  { path: 'registry.listen', isText: true, description: '' },
  { path: 'registry.tls.certificate', isText: true, description: 'Path, relative to the configuration.' },
  { path: 'registry.tls.key', isText: true, description: 'Path, relative to the configuration.' },
  { path: 'registry.anonymous', isText: true, description: 'What needs no token; none when absent.' },
  {
    path: 'registries.plainHttp',
    isText: false,
    description: 'HTTP with registries on this machine’s own addresses.',
  },
  {
    path: 'registries.realms',
    isText: false,
    description: 'Hosts that may ask for the credentials of a registry.',
  },
  { path: 'registries.caFile', isText: true, description: 'Path, relative to the configuration.' },
  {
    path: 'advisories.from',
    isText: true,
    description: 'URL or directory of the feeds in osv.dev’s layout; osv.dev when absent.',
  },
  { path: 'advisories.ecosystems', isText: false, description: 'All when absent.' },
  {
    path: 'advisories.every',
    isText: true,
    description: 'How often they are brought up to date; 6h when absent.',
  },
  { path: 'advisories.update', isText: false, description: 'false: the database is left as it is.' },
  {
    path: 'advisories.maxAge',
    isText: true,
    description: 'How old they may be until that is said; 2d when absent.',
  },
  {
    path: 'advisories.evidence',
    isText: true,
    description: 'How old the signed scan of what runs becomes until it is made anew; 12h when absent.',
  },
  {
    path: 'watch.images',
    isText: false,
    description: 'HOST/REPOSITORY:TAG that is watched and may be renewed.',
  },
  { path: 'watch.every', isText: true, description: 'How often a tag is looked at; 5m when absent.' },
  {
    path: 'watch.debounce',
    isText: true,
    description: 'How long a base must stand still before its images follow; 30s when absent.',
  },
  {
    path: 'watch.events',
    isText: false,
    description: 'Registries that may tell of pushes, at /v1/events/NAME.',
  },
  { path: 'renewal.images', isText: false, description: 'The first that fits counts.' },
  { path: 'renewal.pipelines', isText: false, description: '' },
  { path: 'renewal.targets', isText: false, description: '' },
  { path: 'notify', isText: false, description: 'Who is told, by webhooks signed with the secret.' },
];
