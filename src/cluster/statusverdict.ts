// What the policy says of a running image today: by the evidence beside it, as an admission would, and by a scan of now.
import { isFault } from '../core/index.ts';
import { parseReference } from '../image/index.ts';
import type { ScanResult } from '../scan/index.ts';
import {
  type Checker,
  type ImageFacts,
  type ImagePolicy,
  judge,
  type RuleOutcome,
  selects,
  type Verdict,
} from '../trust/index.ts';
import type { JudgingPolicy } from './statuspolicy.ts';

/** A rule that is not met. */
export interface Failing {
  rule: string;
  mode: RuleOutcome['mode'];
  outcome: 'failed' | 'undecided';
  code: string;
  found: string;
  fix?: string;
  command?: string;
  /** Ms since 1970: the latest of what came to be and the policy's last change. */
  since?: number;
  /**
   * `evidence`: by what lies signed beside the image, as an admission judges it. `advisories`: only by a scan of now;
   * an admission follows with the next signed scan.
   */
  by: 'evidence' | 'advisories';
}

export interface RunningVerdict {
  decision: 'allow' | 'deny' | 'undecided';
  /** Those that decide come first. */
  failing: Failing[];
  /** Ms since 1970 at which the first finding that is in grace begins to count, and for which rule. */
  grace?: { rule: string; until: number };
  /** Why there is no verdict at all. */
  problem?: { code: string; message: string };
}

export interface JudgeRequest {
  /** `HOST/REPOSITORY@DIGEST`. */
  reference: string;
  /** Whether what the node starts is named by a digest: carried in the pod, or put in by mutation. */
  given: 'tag' | 'digest';
  platform?: string;
  labels: Readonly<Record<string, string>>;
  scan?: ScanResult;
  now: number;
}

/** Never throws a fault: what cannot be asked is undecided. */
export async function judgeRunning(
  checker: Checker,
  { policy, changed }: JudgingPolicy,
  request: JudgeRequest,
): Promise<RunningVerdict> {
  const { reference, labels, scan, platform, now } = request;
  let evidence: Verdict;
  let advisories: Verdict;
  try {
    const ask = (platforms: { platforms?: string[] }) =>
      checker.check({
        reference,
        policy,
        labels,
        ...platforms,
        ...(scan === undefined ? {} : { scanFiles: [scan] }),
      });
    const checked = await ask(platform === undefined ? {} : { platforms: [platform] }).catch(
      (error: unknown) => {
        // an image that runs on a node of another platform than its index says
        if (isFault(error) && error.code === 'platform-missing') return ask({});
        throw error;
      },
    );
    const { facts } = checked;
    if (facts === undefined) evidence = advisories = checked.verdict;
    else {
      const given = { ...facts, given: request.given };
      advisories = judge(policy, given, now, 'admission');
      evidence = judge(policy, withoutScan(given), now, 'admission');
    }
  } catch (error) {
    if (!isFault(error) || error.code === 'aborted') throw error;
    const problem = { code: error.code, message: error.message };
    return { decision: 'undecided', failing: [], problem };
  }
  const failing = failingOf(evidence, advisories, changed);
  if (request.given === 'tag') addTag(failing, policy, request, changed);
  const binding = failing.filter(({ mode }) => mode === 'enforce');
  const grace = graceOf(advisories);
  return {
    decision: binding.some(({ outcome }) => outcome === 'failed')
      ? 'deny'
      : binding.length > 0 || evidence.decision === 'undecided' || advisories.decision === 'undecided'
        ? 'undecided'
        : 'allow',
    failing: failing.sort((a, b) => weight(a) - weight(b)),
    ...(grace === undefined ? {} : { grace }),
  };
}

function withoutScan(facts: ImageFacts): ImageFacts {
  return { ...facts, platforms: facts.platforms.map(({ scanFiles: _, ...manifest }) => manifest) };
}

/** Of each rule the answer by evidence, and where that is none, or only undecided, the one by a scan of now. */
function failingOf(evidence: Verdict, advisories: Verdict, changed: number | undefined): Failing[] {
  const failing: Failing[] = [];
  advisories.rules.forEach((today, at) => {
    const signed = evidence.rules[at] ?? today;
    const [outcome, by] =
      signed.outcome === 'failed' || (signed.outcome === 'undecided' && today.outcome !== 'failed')
        ? ([signed, 'evidence'] as const)
        : ([today, 'advisories'] as const);
    if (outcome.outcome !== 'failed' && outcome.outcome !== 'undecided') return;
    const one = failingFrom(outcome, outcome.outcome, by, changed);
    const both = by === 'evidence' && today.outcome === 'failed' && today.found !== outcome.found;
    failing.push(both ? { ...one, found: `${one.found}; by a scan of now: ${today.found}` } : one);
  });
  return failing;
}

function failingFrom(
  { rule, mode, code, found, fix, since }: RuleOutcome,
  outcome: Failing['outcome'],
  by: Failing['by'],
  changed: number | undefined,
): Failing {
  const latest = Math.max(since ?? 0, changed ?? 0);
  return {
    rule,
    mode,
    outcome,
    code: code ?? '',
    found,
    ...(fix === undefined
      ? {}
      : { fix: fix.text, ...(fix.command === undefined ? {} : { command: fix.command }) }),
    // what has no date of its own holds for as long as the policy asks for it
    ...(latest > 0 ? { since: latest } : {}),
    by,
  };
}

const evidenceKinds = ['signature', 'attestation', 'vulnerabilities', 'age', 'base'];

/** As the agent refuses a tag wherever an enforced rule leans on evidence: it can move before it is pulled. */
function addTag(
  failing: Failing[],
  { rules }: ImagePolicy,
  { reference, labels }: JudgeRequest,
  changed: number | undefined,
): void {
  const name = parseReference(reference);
  const leans = rules.some(
    (rule) => rule.mode === 'enforce' && evidenceKinds.includes(rule.kind) && selects(rule, name, labels),
  );
  if (!leans || failing.some(({ code, mode }) => code === 'tag-given' && mode === 'enforce')) return;
  failing.push({
    rule: 'digest',
    mode: 'enforce',
    outcome: 'failed',
    code: 'tag-given',
    found: 'named by a tag, which can move before it is pulled',
    fix: `write ${reference}`,
    ...(changed === undefined ? {} : { since: changed }),
    by: 'evidence',
  });
}

function graceOf({ rules }: Verdict): RunningVerdict['grace'] {
  const waiting = rules.flatMap(({ rule, mode, graceUntil }) =>
    graceUntil === undefined || mode !== 'enforce' ? [] : [{ rule, until: graceUntil }],
  );
  return waiting.sort((a, b) => a.until - b.until)[0];
}

function weight({ mode, outcome }: Failing): number {
  return (mode === 'enforce' ? 0 : mode === 'warn' ? 2 : 4) + (outcome === 'failed' ? 0 : 1);
}
