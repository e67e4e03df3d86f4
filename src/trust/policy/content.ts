// The rules on the image itself: where it comes from, how it is named, how old it is, what it stands on.
import { matchesPattern } from '../evidence/index.ts';
import { dayText, spanText } from './duration.ts';
import type { BaseFacts, ManifestFacts } from './facts.ts';
import { addressOf, type Judged, judgeEach, obstacle, type Part, part, type Scene } from './part.ts';
import type { AgeRule, BaseRule } from './rule.ts';
import { repositoryOf } from './select.ts';
import { shortage, signerMoments, tally } from './signers.ts';

export function judgeRegistries(patterns: readonly string[], { facts }: Scene): Judged {
  const repository = repositoryOf(facts.reference);
  const fits = patterns.some((pattern) => matchesPattern(pattern, repository));
  const shown =
    patterns.length > 3
      ? `${patterns.slice(0, 3).join(', ')}, and ${patterns.length - 3} more`
      : patterns.join(', ');
  const refused = obstacle('failed', 'registry-refused', repository, {
    text: `use an image of ${patterns.length === 1 ? patterns[0] : 'one of these repositories'}, or promote this one there`,
  });
  return {
    expected: `from ${shown}`,
    parts: [part({ obstacles: fits ? [] : [refused], found: repository })],
  };
}

export function judgeDigest({ facts }: Scene): Judged {
  const named = obstacle('failed', 'tag-given', 'named by a tag', {
    text: facts.digest === '' ? 'name the image by its digest' : `write ${addressOf(facts, facts.digest)}`,
  });
  return {
    expected: 'named by digest',
    parts: [part({ obstacles: facts.given === 'digest' ? [] : [named], found: 'named by digest' })],
  };
}

function unreadable(problem: string): string {
  return `the image's config could not be read: ${problem}`;
}

/** Reproducible builds write the beginning of 1970 or of 1980 (zip's), which is no date. */
const earliest = Date.parse('1980-01-03T00:00:00Z');

export function judgeAge(rule: AgeRule, scene: Scene): Judged {
  return {
    expected: `made within ${spanText(rule.max)}`,
    parts: judgeEach('nodePlatforms', scene, ({ created, configProblem }) => {
      if (created === undefined || !(created >= earliest && created <= scene.now))
        return part({
          obstacles: [
            obstacle(
              'undecided',
              'evidence-untimed',
              configProblem !== undefined
                ? unreadable(configProblem)
                : created === undefined || !(created >= earliest)
                  ? 'the image says not when it was made'
                  : `the image is dated ${dayText(created)}, which is yet to come`,
              { text: 'build it with its date (SOURCE_DATE_EPOCH)' },
            ),
          ],
        });
      const age = scene.now - created;
      if (age <= rule.max)
        return part({ found: `made ${spanText(age)} ago`, until: [created + rule.max + 1] });
      return part({
        obstacles: [
          {
            ...obstacle('failed', 'image-old', `made ${spanText(age)} ago, on ${dayText(created)}`, {
              text: 'build it again on an updated base',
            }),
            since: created + rule.max + 1,
          },
        ],
      });
    }),
  };
}

export function judgeBase(rule: BaseRule, scene: Scene): Judged {
  const wants = [
    ...(rule.allowed.length > 0 ? [`from ${rule.allowed.join(', ')}`] : []),
    ...(rule.by.length > 0 ? [`signed by ${rule.by.join(', ')}`] : []),
    ...(rule.wait === undefined ? [] : [`known for ${spanText(rule.wait)}`]),
  ];
  return {
    expected: `a base ${wants.join(', ')}`,
    parts: judgeEach('nodePlatforms', scene, (manifest) => judgeBaseOf(rule, scene, manifest)),
  };
}

function judgeBaseOf(rule: BaseRule, scene: Scene, { base, configProblem }: ManifestFacts): Part {
  if (base === undefined)
    return part({
      obstacles: [
        obstacle(
          'undecided',
          'base-unknown',
          configProblem === undefined ? 'nothing says which base it was built on' : unreadable(configProblem),
          {
            text: 'build with the label org.opencontainers.image.base.name',
          },
        ),
      ],
    });
  const name = base.name.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
  if (rule.allowed.length > 0 && !rule.allowed.some((pattern) => matchesPattern(pattern, name)))
    return part({
      obstacles: [
        obstacle('failed', 'base-other', `built on ${base.name}`, { text: 'build on an allowed base' }),
      ],
    });
  const parts = [
    ...(rule.by.length > 0 ? [judgeBaseSigned(rule, scene, base)] : []),
    ...(rule.wait === undefined ? [] : [judgeBaseAge(rule.wait, scene.now, base)]),
  ];
  return part({
    obstacles: parts.flatMap(({ obstacles }) => obstacles),
    found: `built on ${base.name}`,
    evidence: parts.flatMap(({ evidence }) => evidence),
    until: parts.flatMap(({ until }) => until),
  });
}

function judgeBaseSigned(rule: BaseRule, { policy }: Scene, base: BaseFacts): Part {
  const found = tally(
    base.answers ?? [],
    rule.by,
    (signed) => signed.attestation === undefined,
    () => true,
  );
  const evidence = [...found.signers.values()].map(({ manifest }) => manifest);
  const until = signerMoments(policy, rule.by, found.signers.values());
  if (found.signers.size > 0) return part({ evidence, until });
  if (base.answers === undefined)
    return part({
      obstacles: [
        obstacle('undecided', 'evidence-unlisted', `the signatures of the base ${base.name} were not listed`),
      ],
    });
  const fix = { text: `move to a base that ${rule.by.join(' or ')} signed` };
  const absent = obstacle('failed', 'base-unsigned', `the base ${base.name} has no such signature`, fix);
  return part({ obstacles: [shortage(found, 1, base.unlisted ?? [], absent, fix)], until });
}

function judgeBaseAge(wait: number, now: number, base: BaseFacts): Part {
  if (base.since === undefined)
    return part({
      obstacles: [
        obstacle('undecided', 'evidence-untimed', `nobody knows since when the base ${base.name} is there`),
      ],
    });
  const ripe = base.since + wait;
  if (ripe <= now) return part({});
  return part({
    obstacles: [
      obstacle('failed', 'base-new', `the base ${base.name} is there since ${dayText(base.since)}`, {
        text: `wait until ${dayText(ripe)}, or build on the base before it`,
      }),
    ],
    until: [ripe],
  });
}
