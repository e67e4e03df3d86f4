// What our signature may stand for: rules that the predecessor satisfied, and nothing more.
import type { RuleOutcome, Verdict } from '../trust/index.ts';

export type Signable =
  /** Names of the rules that the predecessor met and that only want a signature now. */
  { sign: string[] } | { stop: string };

/** What an unsigned image lacks, and nothing else does. */
const lacksSignature: ReadonlySet<string> = new Set(['signature-missing', 'signers-too-few']);

/**
 * Both judged for release, the new one without our signature. A renewal never launders trust: what fails for another
 * reason than a missing signature stops here, and so does a rule that the predecessor did not meet itself.
 */
export function signable(before: Verdict, after: Verdict): Signable {
  const open = openRules(before, after);
  const others = open.filter((outcome) => !wantsSignature(outcome));
  if (others.length > 0) return { stop: others.map(said).join('; ') };
  const unmet = open.filter(
    ({ rule }) => !before.rules.some((one) => one.rule === rule && one.outcome === 'met'),
  );
  if (unmet.length > 0)
    return {
      stop: `its predecessor ${before.digest} did not meet ${unmet.map(({ rule }) => rule).join(', ')}: a renewal vouches for nothing that was not vouched for before`,
    };
  return { sign: open.map(({ rule }) => rule) };
}

/**
 * Why the new image, signed by now, may not have the tag; undefined: it may. A rule in audit mode stops nothing that its
 * predecessor did not meet either: a fixed base is not kept from an image because of a flaw of its own.
 */
export function whyUnfit(before: Verdict, after: Verdict): string | undefined {
  if (after.decision === 'allow') return undefined;
  const open = openRules(before, after);
  const isForNothing = open.length === 0 && openRules(undefined, after).length > 0;
  return isForNothing ? undefined : whyNot(after);
}

function openRules(before: Verdict | undefined, after: Verdict): RuleOutcome[] {
  return after.rules
    .filter(({ outcome }) => outcome === 'failed' || outcome === 'undecided')
    .filter(({ rule, kind, mode, outcome }) => {
      const was = before?.rules.find((one) => one.rule === rule)?.outcome;
      const isNoWorse = was === outcome || (was === 'failed' && outcome === 'undecided');
      return !(mode === 'audit' && kind !== 'signature' && isNoWorse);
    });
}

function wantsSignature({ kind, outcome, code }: RuleOutcome): boolean {
  return kind === 'signature' && outcome === 'failed' && code !== undefined && lacksSignature.has(code);
}

export function said({ rule, expected, found }: RuleOutcome): string {
  return `${rule}: expected ${expected}, found ${found}`;
}

/** Why a verdict is not `allow`, in one line. */
export function whyNot({ decision, rules }: Verdict): string {
  const open = rules.filter(({ outcome }) => outcome === 'failed' || outcome === 'undecided');
  return `${decision}: ${open.map(said).join('; ')}`;
}
