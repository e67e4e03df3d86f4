// Every mutant. Add one where the check stands: the room's file, or a new one and a line here.
import { admission } from './admission.ts';
import { bare } from './bare.ts';
import { form } from './form.ts';
import { front } from './front.ts';
import { hub } from './hub.ts';
import { image } from './image.ts';
import { install } from './install.ts';
import { ledgerMutants } from './ledger.ts';
import type { Mutant } from './mutant.ts';
import { net } from './net.ts';
import { notation } from './notation.ts';
import { pipeline } from './pipeline.ts';
import { policy } from './policy.ts';
import { reasonMutants } from './reasons.ts';
import { rebase } from './rebase.ts';
import { renewalMutants } from './renewal.ts';
import { revocation } from './revocation.ts';
import { rollout } from './rollout.ts';
import { runningMutants } from './running.ts';
import { sigstore } from './sigstore.ts';
import { transport } from './transport.ts';
import { trust } from './trust.ts';
import { watchMutants } from './watch.ts';

export const mutants: readonly Mutant[] = [
  ...image,
  ...net,
  ...ledgerMutants,
  ...transport,
  ...trust,
  ...notation,
  ...revocation,
  ...sigstore,
  ...policy,
  ...front,
  ...form,
  ...rollout,
  ...bare,
  ...rebase,
  ...renewalMutants,
  ...reasonMutants,
  ...runningMutants,
  ...pipeline,
  ...watchMutants,
  ...hub,
  ...install,
  ...admission,
];
