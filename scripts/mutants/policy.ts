// Mutants of policy: who counts, what a statement must say, and what alone makes an allow (N3, N7, N14, N17, N18).
import { type Mutant, mutantsOf } from './mutant.ts';

const at = (name: string) => `src/trust/policy/${name}.ts`;
const tests = (...names: string[]) => names.map((name) => `src/trust/policy/${name}.test.ts`);

export const policy: readonly Mutant[] = [
  ...mutantsOf(at('signature'), tests('signature'), [
    {
      name: 'an attestation counts as a signature',
      find: 'signed.attestation === undefined && rule.formats',
      replace: 'rule.formats',
      red: ['an attestation of any kind is no signature'],
    },
    {
      name: 'formats that the rule does not accept count',
      find: 'signed.attestation === undefined && rule.formats.includes(signed.format)',
      replace: 'signed.attestation === undefined',
      red: ['a format that the rule does not accept does not count'],
    },
  ]),
  ...mutantsOf(at('signers'), tests('signature'), [
    {
      name: 'authorities that the rule does not name count',
      find: 'answers.filter(({ authority }) => by.includes(authority))',
      replace: '[...answers]',
      red: ['a signature by an authority that the rule does not name is none'],
    },
    {
      name: 'each key of an authority is a signer',
      find: 'place(authority, new Set());\n  return [...taken.values()];',
      replace: 'place(authority, new Set());\n  return keyed;',
      red: ['the keys of one authority are one signer'],
    },
    {
      name: 'evidence that was not listed is taken for none',
      find: 'if (lost !== undefined)',
      replace: 'if (lost !== undefined && atLeast < 0)',
      red: ['what could not be listed or judged is undecided'],
    },
  ]),
  ...mutantsOf(at('part'), tests('signature'), [
    {
      name: 'no platform at all meets a rule',
      find: 'if (manifests.length === 0)',
      replace: 'if (manifests.length < 0)',
      red: ['nodePlatforms asks for those that the caller runs'],
    },
    {
      name: 'platforms that were not read are passed by',
      find: "choice === 'allPlatforms' && facts.incomplete !== undefined",
      replace: "choice === 'allPlatforms' && facts.incomplete === ''",
      red: ['allPlatforms is undecided when not every platform could be read'],
    },
  ]),
  ...mutantsOf(at('attestation'), tests('attestation'), [
    {
      name: 'an attestation of any type counts',
      find: '!rule.predicateTypes.includes(attestation.predicateType)',
      replace: 'rule.predicateTypes.length === 0',
      red: [
        'provenance of version 0.2 counts by its own fields',
        'an attestation of another type, or none, is missing',
        'a predicate type is compared whole',
      ],
    },
    {
      name: 'an attestation from the future counts',
      find: 'time > now + clockSkew',
      replace: 'time > Number.POSITIVE_INFINITY',
      red: ['an attestation grows old', 'a verification summary counts by verifier'],
    },
  ]),
  ...mutantsOf(at('provenance'), tests('attestation'), [
    {
      name: 'a source that begins with the right one is the right one',
      find: 'matchesText(match, value))))\n    return undefined;',
      replace:
        "('exact' in match ? value.startsWith(match.exact) : matchesText(match, value)))))\n    return undefined;",
      red: [
        'a source of a million slashes is judged at once',
        'a source that only begins, ends or contains like the right one is another',
      ],
    },
    {
      name: 'one right source among several is enough',
      find: 'values.length > 0 && values.every(',
      replace: 'values.some(',
      red: ['inputs that a caller chose are no source, and two sources that differ are none'],
    },
    {
      name: 'a user name in a source is passed by',
      find: '(https?:\\/\\/[^/?#@\\s\\\\]+)',
      replace: '(https?:\\/\\/[^/?#@\\s\\\\]+)(?:@[^/]*)?',
      red: ['a source that only begins, ends or contains like the right one is another'],
    },
    {
      name: 'dependencies count as the source',
      find: 'const sources = sourceParameters.flatMap((path) => textOf(parameters, ...path) ?? []);',
      replace:
        "const sources = (fieldOf(predicate, 'buildDefinition', 'resolvedDependencies') as { uri: string }[] | undefined)?.map(({ uri }) => uri) ?? [];",
      red: [
        'a source of a million slashes is judged at once',
        'a source that only begins, ends or contains like the right one is another',
        'a mere dependency or material is no source',
        'inputs that a caller chose are no source',
        'patterns of builder and source are anchored',
        'a threshold of attestations counts distinct signers',
      ],
    },
  ]),
  ...mutantsOf(at('scans'), tests('vulnerabilities', 'weigh'), [
    {
      name: 'a scan of another image counts',
      find: 'if (claim.digest !== digest)',
      replace: 'if (claim.digest === "")',
      red: [
        'a scan result given by file counts, for its own digest only',
        'a scan of another image, signed for this one, is refused',
      ],
    },
    {
      name: 'a scan from the future counts',
      find: 'if (claim.scannedAt > now + clockSkew)',
      replace: 'if (claim.scannedAt > Number.POSITIVE_INFINITY)',
      red: ['a scan dated in the future is refused'],
    },
    {
      name: 'the oldest scan decides',
      find: 'usable.sort((a, b) => b.scannedAt - a.scannedAt)',
      replace: 'usable.sort((a, b) => a.scannedAt - b.scannedAt)',
      red: [
        'the newest scan decides',
        'a source that was not needed may be as old as it likes',
        'a new scan renews no grace',
      ],
    },
    {
      name: 'a new scan renews the grace',
      find: 'Math.min(first.get(key) ?? told, told)',
      replace: 'Math.max(first.get(key) ?? told, told)',
      red: ['a new scan renews no grace'],
    },
  ]),
  ...mutantsOf(at('claim'), tests('vulnerabilities', 'weigh'), [
    {
      name: "the scanner's own suppressions count",
      find: 'return open as Finding;',
      replace: 'return value as Finding;',
      red: ['a priority that the scanner set to 0', 'a suppression inside the result counts only while'],
    },
  ]),
  ...mutantsOf(at('vulnerabilities'), tests('vulnerabilities', 'weigh'), [
    {
      name: 'advisories never grow old',
      find: 'if (now - checkedAt > rule.maxDatabaseAge)',
      replace: 'if (now - checkedAt > Number.POSITIVE_INFINITY)',
      red: [
        'advisories may be seven days old by now',
        'a source that was not needed may be as old as it likes',
        'an exception for an undecided code lifts that code alone',
        'dates and ages at the ends of time',
      ],
    },
    {
      name: 'what a scan could not decide is passed by',
      find: '    ...told,\n',
      replace: '',
      red: [
        'whatever the scan could not decide leaves the rule undecided',
        'an exception for an undecided code lifts that code alone',
      ],
    },
  ]),
  ...mutantsOf(at('summaryrule'), tests('summary'), [
    {
      name: 'a summary that failed counts',
      find: "if (result !== 'PASSED')",
      replace: "if (result === '')",
      red: ['a summary that did not pass counts for nothing'],
    },
    {
      name: 'a summary made under other rules counts',
      find: '!== policy.rulesHash) return',
      replace: "=== '') return",
      red: ['a summary made under other rules does not count'],
    },
    {
      name: 'a summary that answers other rules counts',
      find: 'if (!Array.isArray(rules) || !rules.includes(rule.name))',
      replace: "if (rules === '')",
      red: [
        'a summary that does not answer the rule does not count',
        'a summary that does not say what it rests on',
      ],
    },
    {
      name: 'a summary with old advisories counts',
      find: 'if (now - checkedAt > rule.maxDatabaseAge)',
      replace: 'if (now - checkedAt > Number.POSITIVE_INFINITY)',
      red: ['a summary ends with its advisories and with its scan'],
    },
    {
      name: 'a summary outlives the grace it passed by',
      find: 'if (ends <= now)',
      replace: 'if (ends <= 0)',
      red: ['a summary ends when the grace of a finding ends'],
    },
    {
      name: 'a summary outlives the suppressions it leaned on',
      find: '(own) => sameSuppression(own, item) && endOfDay(own.expires) > now',
      replace: '(own) => sameSuppression(own, item)',
      red: ['a summary counts only while the policy still holds the suppressions'],
    },
    {
      name: 'a summary from the future counts',
      find: 'if (latest > now + clockSkew)',
      replace: 'if (latest > Number.POSITIVE_INFINITY)',
      red: ['a summary that does not say what it rests on, or is dated in the future'],
    },
  ]),
  ...mutantsOf(at('summary'), tests('summary'), [
    {
      name: 'a summary is made from a summary',
      find: '(answer) => !answer.ok || answer.attestation?.predicateType !== summaryType',
      replace: '() => true',
      red: ['a summary never leans on another summary'],
    },
  ]),
  ...mutantsOf(at('vsa'), tests('attestation'), [
    {
      name: 'a summary of another verifier counts',
      find: 'if (rule.verifier && !matchesText(rule.verifier, verifier))',
      replace: 'if (rule.verifier && verifier === "")',
      red: ['a verification summary counts by verifier'],
    },
  ]),
  ...mutantsOf(at('judge'), tests('judge'), [
    {
      name: 'no rule is an allow',
      find: 'rules.length === 0 || binding.some(',
      replace: 'binding.some(({ code }) => code !== "no-rule") && binding.some(',
      red: [
        'an empty policy, and one whose rules are for others, never allow',
        'rules are selected by whole repository',
      ],
    },
    {
      name: 'an undecided rule is an allow',
      find: "binding.some(({ outcome }) => outcome === 'undecided')",
      replace: "binding.some(({ outcome }) => outcome === 'excepted')",
      red: [
        'whatever the facts',
        'a rule on registries has a mode and can be lifted',
        'a rule in warn or audit leaves the allow',
        'an exception lets one rule be passed',
        'an exception for an undecided reason never lifts a denial',
        'an image grows old',
        'a base must be allowed, signed and known',
      ],
    },
    {
      name: 'a release is judged by modes',
      find: "purpose === 'release' || mode === 'enforce'",
      replace: "mode === 'enforce'",
      red: ['a rule in warn or audit leaves the allow'],
    },
    {
      name: 'a revoked digest is passed by',
      find: 'digests.has(digest)',
      replace: "digests.has('')",
      red: ['revoking beats everything', 'revoking a platform stops an index'],
    },
    {
      name: 'an exception for one rule lifts every rule',
      find: 'exceptions.find((item) => item.rule === rule)',
      replace: 'exceptions.find((item) => item.rule !== undefined)',
      red: ['whatever the facts', 'an exception for a rule lifts no other'],
    },
  ]),
  ...mutantsOf(at('exceptions'), tests('judge', 'vulnerabilities'), [
    {
      name: 'exceptions never run out',
      find: 'endOfDay(item.expires) > now',
      replace: 'item.expires !== ""',
      red: [
        'an exception lets one rule be passed',
        'an exception for an undecided code lifts that code alone',
      ],
    },
    {
      name: 'an exception for one reason lifts every reason',
      find: 'if (item.undecided !== code) return false;',
      replace: 'if (item.undecided === undefined) return false;',
      red: ['whatever the facts', 'an exception for an undecided code lifts that code alone'],
    },
  ]),
  ...mutantsOf(at('pattern'), tests('pattern', 'azure'), [
    {
      name: 'a pattern may begin with any host',
      find: "if (fixed.includes('*'))",
      replace: "if (fixed === '')",
      red: ['image patterns are anchored repositories of a fixed host'],
    },
    {
      name: 'regular expressions are taken for patterns of identities',
      find: 'if (regexLike.test(text)) return noRegex;',
      replace: '',
      red: ['identities that would let strangers in are refused'],
    },
  ]),
  ...mutantsOf(at('checkrule'), tests('parse'), [
    {
      name: 'a threshold that cannot be reached is accepted',
      find: 'if (signers.size < asked.atLeast)',
      replace: 'if (signers.size < 0)',
      red: ['a threshold that no number of signatures can reach is refused'],
    },
  ]),
  ...mutantsOf(at('checkauthority'), tests('parse', 'pattern'), [
    {
      name: 'an identity without issuer is accepted',
      find: 'if ((item.issuer === undefined) === (item.issuerPattern === undefined))',
      replace: 'if (item.issuer !== undefined && item.issuerPattern !== undefined)',
      red: ['identities that would let strangers in are refused'],
    },
  ]),
  ...mutantsOf(at('azure'), tests('azure'), [
    {
      name: 'any text at the beginning of an Azure expression is any host',
      find: 'if (text.startsWith(anyText)) {\n    if (!text',
      replace: "if (text.startsWith(anyText)) {\n    if (text === '' && !text",
      red: ['what no pattern can stand for is refused'],
    },
    {
      name: 'a tag that an Azure expression chooses is dropped',
      find: '![anyText, anyPart].some(',
      replace: "whole === '' && ![anyText, anyPart].some(",
      red: ['what no pattern can stand for is refused'],
    },
  ]),
];
