// Where the floor asks for a digest: wherever an enforced rule leans on what a tag could move away from.
import type { ImagePolicy } from '../../trust/index.ts';
import { type Chain, ChainBuilder, type Selection, shownImages } from './floorchain.ts';
import { celText } from './floorname.ts';

const kinds = ['signature', 'attestation', 'vulnerabilities', 'age', 'base', 'digest'];

export function digestDemands(
  policy: ImagePolicy,
  live: ImagePolicy['exceptions'],
  mutation: boolean,
): Chain[] {
  const chains: Chain[] = [];
  for (const [i, { rules, images, labels, excepted }] of demands(policy, live).entries()) {
    const chain = new ChainBuilder(`tagged${i}n`, 'parsed').keep('!(x.ok && x.at)', 4);
    // With mutation a template keeps its tags; its pods get the digests.
    if (mutation) chain.when('request.kind.kind == "Pod"');
    chain.only({ images, labels });
    for (const item of excepted) chain.except(item);
    const { result } = chain.fresh();
    const asked = `rule ${rules[0]}${rules.length > 1 ? ` (and ${rules.length - 1} more)` : ''} of the policy ${policy.name} asks for an image named by digest`;
    // Who has digests put in and is refused for a tag is to hear what went wrong before that.
    const fix = mutation
      ? ', and none was put in: the agent is away, or a warning says what it could not ask; try again, or write IMAGE@sha256:…'
      : '; write IMAGE@sha256:… (seaworthy check prints it)';
    chains.push({
      variables: chain.variables,
      result,
      cost: chain.cost,
      message: `Seaworthy: ${asked}`,
      saying: `"Seaworthy: " + ${shownImages(result)} + ": " + (${result}[0].ok ? "named by a tag; " : "no valid image name; ") + ${celText(`${asked}${fix}`)}`,
    });
  }
  return chains;
}

interface Demand extends Selection {
  rules: string[];
  excepted: readonly Selection[];
}

/** Rules for the same images with the same exceptions ask once. An exception for an undecided reason lifts any of them. */
function demands(policy: ImagePolicy, live: ImagePolicy['exceptions']): Demand[] {
  const found = new Map<string, Demand>();
  for (const { name, kind, mode, images, labels } of policy.rules) {
    if (mode !== 'enforce' || !kinds.includes(kind)) continue;
    const excepted = live.filter(({ rule, undecided }) => rule === name || undecided !== undefined);
    const key = JSON.stringify([images, labels, excepted.map((item) => [item.images, item.labels])]);
    const before = found.get(key);
    if (before === undefined) found.set(key, { rules: [name], images, labels, excepted });
    else before.rules.push(name);
  }
  return [...found.values()];
}
