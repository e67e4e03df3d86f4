// What time it is: the API server's word, where the clock here is off by more than its answers can tell.
import { type Clock, systemClock } from '../core/index.ts';

/** Ms that an answer's `Date`, whole seconds and the way here, may differ without anything being wrong. */
const tolerance = 5_000;

/**
 * Certificates, signatures and grace periods are judged by it: a node whose clock is years off must neither count what
 * has expired nor refuse what has not.
 */
export function clockOf(cluster: { readonly clockAhead: number }, local: Clock = systemClock): Clock {
  return {
    now() {
      const { clockAhead } = cluster;
      const here = local.now();
      return Math.abs(clockAhead) < tolerance ? here : new Date(here.getTime() + clockAhead);
    },
  };
}
