// The named states of "could not be decided": never shown as no findings, never as a denial.

/** Every code with the sentence that docs/undecided.md explains; the catalogue test compares the two. */
export const undecidedCodes = {
  'unsupported-distribution': 'the distribution is one that Seaworthy has no rules for',
  'distribution-unknown': 'an OS package database was found but no os-release names the distribution',
  'end-of-life': 'the distribution release is past the end of its security support',
  'no-advisories': 'the advisory database holds no rows for this distribution release or ecosystem',
  'database-stale': 'the advisory source was last checked longer ago than --max-db-age allows',
  'database-missing': 'there is no advisory database to judge with',
  'no-package-evidence': 'nothing was found that names what the image consists of',
  'package-database-unreadable': 'a package database or package file could not be parsed',
  'limit-reached': 'a limit was reached, so a part of the target was not read',
  'target-partly-unreadable': 'a file or layer of the target could not be read',
  'version-unorderable': 'an advisory names the package but the installed version cannot be ordered',
  'ecosystem-unordered': 'the package belongs to an ecosystem whose versions Seaworthy cannot order yet',
  'unattributed-executable': 'a known runtime or server is present that no package evidence explains',
  'severity-unknown': 'a finding has no severity, so a severity threshold cannot be applied',
  'windows-image': 'the image is for Windows, which Seaworthy does not inventory',
  'range-unknown': 'an advisory names the package but gives no range or version list that can be evaluated',
  'finding-unknown': 'a flaw whose advisory names the package, but whose state could not be decided',
  'package-unidentified': 'a package file does not say enough to name the package in advisories',
  'foreign-packages': "packages of another vendor are not covered by the distribution's advisories",
  'advisory-unreadable': 'an advisory that names the package could not be parsed',
  'no-rule': 'no rule of the policy selects the image',
  'evidence-unlisted': 'signatures or attestations could not be listed or fetched',
  'evidence-unreadable': 'a signature or attestation was found but could not be judged',
  'evidence-untimed': 'what a rule counts an age from bears no date that can be believed',
  'base-unknown': 'a rule asks for the base of the image, and the base is not known',
  'platform-none': 'the image has none of the platforms that it is asked for',
  'running-digest-unknown': 'a node runs or mounts an image whose digest nobody tells',
  'not-in-time': 'the answer was not there within the time that an admission may take',
} as const;

export type UndecidedCode = keyof typeof undecidedCodes;

export interface Undecided {
  code: UndecidedCode;
  /** One sentence: what could not be decided and why. */
  message: string;
  /** What it is about: a purl, a path inside the target, an ecosystem, a layer digest. */
  subject?: string;
  /** What to do about it. */
  hint?: string;
}

export function undecided(
  code: UndecidedCode,
  message: string,
  more: { subject?: string; hint?: string } = {},
): Undecided {
  return { code, message, ...more };
}
