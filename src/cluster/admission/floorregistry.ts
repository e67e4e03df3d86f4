// What the floor asks of where an image comes from: the policy's allow-list, and its enforced rules on registries.
import type { ImagePolicy } from '../../trust/index.ts';
import { type Chain, ChainBuilder, shownImages } from './floorchain.ts';
import { celText } from './floorname.ts';

export type { Chain } from './floorchain.ts';

type Exceptions = ImagePolicy['exceptions'];

export function registryDemands(policy: ImagePolicy, live: Exceptions): Chain[] {
  const chains: Chain[] = [];
  if (policy.registries.length > 0) {
    // No exception lifts the allow-list of the policy itself.
    const chain = new ChainBuilder('outside', 'parsed').except({ images: policy.registries, labels: {} });
    chains.push(chainOf(chain, policy, 'spec.registries', policy.registries));
  }
  for (const [i, rule] of policy.rules.entries()) {
    if (rule.kind !== 'registries' || rule.mode !== 'enforce') continue;
    const chain = new ChainBuilder(`rule${i}n`, 'parsed')
      .only(rule)
      .except({ images: rule.registries, labels: {} });
    for (const item of live) if (item.rule === rule.name) chain.except(item);
    chains.push(chainOf(chain, policy, rule.name, rule.registries));
  }
  return chains;
}

function chainOf(chain: ChainBuilder, policy: ImagePolicy, rule: string, allowed: readonly string[]): Chain {
  const shown =
    allowed.length > 3
      ? `${allowed.slice(0, 3).join(', ')}, and ${allowed.length - 3} more`
      : allowed.join(', ');
  const { variables, result, cost } = chain.fresh();
  const asked = `rule ${rule} of the policy ${policy.name} asks for images from ${shown}`;
  return {
    variables,
    result,
    cost,
    message: `Seaworthy: ${asked}`,
    saying: `"Seaworthy: " + ${shownImages(result)} + ": " + (${result}[0].ok ? "" : "no valid image name; ") + ${celText(`${asked}; use one of these, or promote the image there (seaworthy promote)`)}`,
  };
}
