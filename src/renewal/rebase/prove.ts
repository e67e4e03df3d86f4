// Proves, or does not, that one platform of an image may stand on another base without being built again.
import { proveLibc, proveRuntime } from './abi.ts';
import { consentOf, waive } from './consent.ts';
import { proveDistribution } from './distribution.ts';
import { proveBase, proveEvidence, proveLayers, provePlatform } from './ground.ts';
import { proveLibraries } from './libraries.ts';
import { proveOverwrites } from './overwrites.ts';
import { proveForward, provePackages } from './packages.ts';
import { type Proof, proof } from './proof.ts';
import type { RebaseInput } from './sides.ts';
import { proveDatabases, proveLinker, proveRemovals } from './surface.ts';

/**
 * Every proof, in the order of `proofNames`. Without a base that is a true prefix nothing can be said of what stands
 * above it, and the list ends there: `isProven` wants it whole.
 */
export function proveRebase(input: RebaseInput): Proof[] {
  const base = proveBase(input);
  if (base.holds !== 'yes') return [base];
  const old = input.oldBase.view;
  const next = input.newBase.view;
  const { proof: consent, isAuthors } = consentOf(input);
  const proofs = [
    base,
    provePlatform(input),
    proveLayers(input),
    proveEvidence(input),
    proveDistribution(old, next),
    proveForward(input.oldBase, input.newBase),
    proveLibc(old, next),
    proveLibraries(input),
    proveRuntime(old, next, input.app.upper),
    proveDatabases(input),
    proveLinker(input),
    provePackages(old, next),
    proveRemovals(input),
    proveOverwrites(input),
    consent,
  ];
  return isAuthors ? waive(proofs) : proofs;
}

/** What stands for a platform of which a base is not there. */
export function unproven(text: string): Proof[] {
  return [proof('platform', 'no', text)];
}
