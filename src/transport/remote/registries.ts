// The connections of a process that runs for long: one to each registry, so that a token is asked for once.
import { systemClock } from '../../core/index.ts';
import { Documents } from './documents.ts';
import { connectRegistry, type Registries, type Registry, type RegistryOptions } from './registry.ts';

/** Registries that are kept at once: the domain is what images say, so their number is bounded. */
const mostKept = 100;

/** For one and the same credentials. What a digest names is kept a while, too. */
export function keepRegistries(options: Omit<RegistryOptions, 'registries'>): Registries {
  const kept = new Map<string, Registry>();
  const documents = new Documents(options.clock ?? systemClock);
  return {
    open(domain) {
      let registry = kept.get(domain);
      kept.delete(domain);
      registry ??= { ...connectRegistry(domain, options), documents };
      if (kept.size >= mostKept) kept.delete(kept.keys().next().value!);
      kept.set(domain, registry);
      return registry;
    },
  };
}
