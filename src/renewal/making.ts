// The new image is made: rebased where that is proven safe, else rebuilt by a pipeline that is asked once.
import { parseReference } from '../image/index.ts';
import type { RenewalParts } from './parts.ts';
import type { BuildRequest, Pipeline, RunHandle } from './pipeline/index.ts';
import type { ImageRow, Move } from './step.ts';
import { countFindings } from './worse.ts';

/** Ms between two looks at a run: soon after its start, then less often. */
const soonest = 2_000;
const latest = 30_000;

export async function making(image: ImageRow, parts: RenewalParts, signal: AbortSignal): Promise<Move> {
  if (image.run !== null) return followRun(image, parts, signal);
  const settings = parts.settingsOf(image.reference);
  if (settings === undefined) return { to: 'declined', text: 'the configuration does not renew it any more' };
  const base = { reference: image.base, digest: image.base_to! };
  const isOnIt = (await parts.workshop.notOn(image.reference, image.from_digest, base)).length === 0;
  if (isOnIt && !isForAge(image)) return { to: 'done', text: 'it stands on the new base already' };
  const before = countFindings(await parts.workshop.rescan(image.reference, image.from_digest));
  const found_before = JSON.stringify(before);
  if (!isOnIt && settings.means.includes('rebase')) {
    const rebased = await parts.workshop.rebase({
      reference: image.reference,
      digest: image.from_digest,
      base: { reference: image.base, from: image.base_from, to: base.digest },
      stagingTag: image.staging_tag,
      consent: settings.consent,
    });
    const proofs = JSON.stringify(rebased.proofs);
    if ('digest' in rebased)
      return { to: 'scanning', set: { means: 'rebase', to_digest: rebased.digest, proofs, found_before } };
    const why = `no rebase: ${rebased.unproven}`;
    if (!settings.means.includes('rebuild') || settings.pipeline === undefined)
      return {
        to: 'unsafe',
        set: { why, proofs, found_before },
        text: `${why}; nothing is configured to rebuild it`,
      };
    return startRun({ ...image, why }, parts, settings.pipeline, { why, proofs, found_before }, signal);
  }
  const why = isOnIt
    ? 'no rebase: its base did not move, only a rebuild makes it anew'
    : 'rebase is not configured for it';
  if (!settings.means.includes('rebuild') || settings.pipeline === undefined)
    return { to: 'unsafe', set: { why, found_before }, text: `${why}; nothing is configured to rebuild it` };
  return startRun(image, parts, settings.pipeline, { why, found_before }, signal);
}

/** Its base did not move: it is renewed because it is old. What stands on others is never begun for that. */
export function isForAge({ level, base_from, base_to }: ImageRow): boolean {
  return level === 1 && base_from === base_to;
}

async function startRun(
  image: ImageRow,
  parts: RenewalParts,
  name: string,
  set: Partial<ImageRow>,
  signal: AbortSignal,
): Promise<Move> {
  const pipeline = pipelineOf(parts, name);
  const { domain, repository, tag = 'latest' } = parseReference(image.reference);
  const base = parseReference(image.base);
  const request: BuildRequest = {
    id: image.id,
    image: `${domain}/${repository}`,
    stagingTag: image.staging_tag,
    tag,
    base: {
      image: `${base.domain}/${base.repository}`,
      tag: base.tag ?? 'latest',
      digest: image.base_to!,
    },
    platforms: await parts.workshop.platforms(image.reference, image.from_digest),
  };
  const handle = await pipeline.start(request, signal);
  const run = JSON.stringify({ name, startedAt: parts.clock.now().getTime(), handle });
  return { again: soonest, set: { ...set, means: 'rebuild', run }, text: `${name} was asked to rebuild it` };
}

interface Run {
  name: string;
  startedAt: number;
  handle: RunHandle;
}

async function followRun(image: ImageRow, parts: RenewalParts, signal: AbortSignal): Promise<Move> {
  const run = JSON.parse(image.run!) as Run;
  const pipeline = pipelineOf(parts, run.name);
  const age = parts.clock.now().getTime() - run.startedAt;
  const patience = parts.settingsOf(image.reference)?.patience ?? 0;
  const look = await pipeline.follow(run.handle, signal);
  if (look.state === 'failed') return { to: 'failed', text: `${run.name}: ${look.text}${at(look.url)}` };
  if (look.state === 'running') {
    if (age > patience) {
      await pipeline.cancel(run.handle, signal);
      return {
        to: 'failed',
        text: `${run.name} did not end within ${Math.round(patience / 1000)} s${at(look.url)}`,
      };
    }
    const handle = look.handle === undefined ? {} : { run: JSON.stringify({ ...run, handle: look.handle }) };
    return {
      again: Math.min(latest, Math.max(soonest, age / 10)),
      set: handle,
      text: `${run.name}: ${look.text}${at(look.url)}`,
    };
  }
  return pushedBy(image, parts, run.name, look);
}

/** Whatever a run says, the registry is asked what it pushed, and the layers what it stands on. */
async function pushedBy(
  image: ImageRow,
  parts: RenewalParts,
  name: string,
  look: { digest?: string; url?: string },
): Promise<Move> {
  const reference = parseReference(image.reference);
  const staging = `${reference.domain}/${reference.repository}:${image.staging_tag}`;
  const digest = await parts.workshop.current(staging);
  if (digest === undefined)
    return { to: 'failed', text: `${name} succeeded, but pushed nothing to ${staging}${at(look.url)}` };
  if (look.digest !== undefined && look.digest !== digest)
    return {
      to: 'failed',
      text: `${name} says that it pushed ${look.digest}, but ${staging} is ${digest}${at(look.url)}`,
    };
  const wanted = await parts.workshop.platforms(image.reference, image.from_digest);
  const got = await parts.workshop.platforms(image.reference, digest);
  const missing = wanted.filter((platform) => !got.includes(platform));
  if (missing.length > 0)
    return { to: 'failed', text: `${name} built nothing for ${missing.join(', ')}${at(look.url)}` };
  const base = { reference: image.base, digest: image.base_to! };
  const others = await parts.workshop.notOn(image.reference, digest, base);
  if (others.length > 0)
    return {
      to: 'failed',
      text: `${name} built it on another base than ${image.base}@${image.base_to} (${others.join(', ')})${at(look.url)}`,
    };
  return { to: 'scanning', set: { to_digest: digest } };
}

function pipelineOf(parts: RenewalParts, name: string): Pipeline {
  const pipeline = parts.pipelines.get(name);
  if (pipeline === undefined) throw new Error(`no pipeline ${name}`);
  return pipeline;
}

function at(url: string | undefined): string {
  return url === undefined ? '' : ` (${url})`;
}
