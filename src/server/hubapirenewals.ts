// Renewals: one as it went, and what would be renewed.
import { type LineageTables, staleOn } from '../lineage/index.ts';
import { listHolds, readRenewal } from '../renewal/index.ts';
import { ApiRefusal } from './api/index.ts';
import type { ApiPlan, ApiRenewalDetail } from './contract/index.ts';
import { iso } from './hubname.ts';
import type { HubParts } from './hubparts.ts';
import { probePipelines } from './hubprobe.ts';

export async function renewal({ ledger }: HubParts, id: string): Promise<ApiRenewalDetail> {
  const { createdAt, endedAt, images, ...rest } = await readRenewal(ledger, id);
  return {
    ...rest,
    createdAt: iso(createdAt),
    ...(endedAt === undefined ? {} : { endedAt: iso(endedAt) }),
    images: images.map(({ proofs: _, steps, rollouts, ...image }) => ({
      ...image,
      steps: steps.map(({ startedAt, endedAt: ended, ...step }) => ({
        ...step,
        startedAt: iso(startedAt),
        endedAt: iso(ended),
      })),
      rollouts: rollouts.map(({ startedAt, endedAt: ended, ...one }) => ({
        ...one,
        startedAt: iso(startedAt),
        ...(ended === undefined ? {} : { endedAt: iso(ended) }),
      })),
    })),
  };
}

export async function plan(parts: HubParts, base: string): Promise<ApiPlan> {
  const { workshop, ledger } = parts;
  if (workshop === undefined)
    throw new ApiRefusal(
      409,
      'not-configured',
      'expected a key to sign renewals with, got none',
      'set signing.key',
    );
  const digest = await workshop.current(base);
  if (digest === undefined)
    throw new ApiRefusal(404, 'image-not-found', `expected ${base} in its registry, got none`);
  const verdict = await workshop.judgeBase(base, digest);
  const held = (await listHolds(ledger)).find((hold) => hold.base === base)?.reason;
  const images = await staleOn(ledger.read<LineageTables>(), base);
  const used = new Set(images.flatMap(({ reference }) => pipelineOf(parts, reference) ?? []));
  const pipelines = await probePipelines(
    [...(parts.renewal?.pipelines ?? [])].filter(([name]) => used.has(name)),
  );
  const open = verdict.rules.filter(({ outcome }) => outcome === 'failed' || outcome === 'undecided');
  return {
    base,
    digest,
    decision: verdict.decision,
    why: open.map(({ rule, expected, found }) => `${rule}: expected ${expected}, found ${found}`).join('; '),
    ...(held === undefined ? {} : { held }),
    pipelines,
    images: images.map((image) => {
      const means = parts.settingsOf(image.reference)?.means;
      return { ...image, ...(means === undefined ? {} : { means }) };
    }),
  };
}

/** Undefined: it is not rebuilt. */
function pipelineOf({ settingsOf }: HubParts, reference: string): string | undefined {
  const settings = settingsOf(reference);
  return settings?.means.includes('rebuild') ? settings.pipeline : undefined;
}
