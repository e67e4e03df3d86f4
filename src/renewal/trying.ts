// The smoke test of an image, after the last check and before a person is asked or the tag moves.
import { parseReference } from '../image/index.ts';
import type { ImageSettings, RenewalParts } from './parts.ts';
import type { ImageRow, Move } from './step.ts';

/** Where none is configured, nothing is run. What is not a pass stops the image; broken off, it runs again. */
export async function trying(image: ImageRow, parts: RenewalParts, signal: AbortSignal): Promise<Move> {
  const settings = parts.settingsOf(image.reference);
  const next = afterTrial(image, settings);
  if (settings?.smokeTest === undefined) return { to: next };
  const { domain, repository } = parseReference(image.reference);
  const staged = { id: image.id, image: `${domain}/${repository}@${image.to_digest}` };
  const tried = await parts.tryOut(settings.smokeTest, staged, signal);
  if (tried === undefined) return { again: 2_000, text: 'waits for other smoke tests' };
  const set = { tried: JSON.stringify(tried) };
  return tried.passed ? { to: next, set } : { to: 'stopped', set, text: `smoke test: ${tried.text}` };
}

export function afterTrial(image: ImageRow, settings: ImageSettings | undefined): 'approval' | 'tagging' {
  return settings?.approval === true && image.approved_by === null ? 'approval' : 'tagging';
}
