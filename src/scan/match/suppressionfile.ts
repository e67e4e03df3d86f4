// The file that suppressions are written in: YAML with a schema. Loaded only when there is one.
import { z } from 'zod';
import { parseDocumentAs } from '../../core/document/index.ts';
import { parsePurl } from '../package/index.ts';
import { justifications, type Suppression } from './suppressions.ts';

const filled = z.string().trim().min(1, 'expected text, got none');

const suppression = z
  .strictObject({
    id: filled,
    purl: filled.refine(
      (text) => parsePurl(text) !== undefined,
      'expected a package URL such as pkg:npm/lodash@4.17.20',
    ),
    path: filled.optional(),
    kind: z.enum(['not_affected', 'accepted']),
    justification: z.enum(justifications).optional(),
    reason: filled,
    author: filled,
    expires: z.iso.date('expected a day as YYYY-MM-DD'),
  })
  .refine((item) => item.kind === 'accepted' || item.justification !== undefined, {
    message: `not_affected needs a justification: ${justifications.join(', ')}`,
    path: ['justification'],
  });

const list = z.strictObject({ suppressions: z.array(suppression).max(10_000) });

const keys = ['suppressions', 'id', 'purl', 'path', 'kind', 'justification', 'reason', 'author', 'expires'];

/** Throws DocumentFault with file and line of every mistake. */
export function parseSuppressions(text: string, file: string): Suppression[] {
  return parseDocumentAs(text, file, list, keys).suppressions;
}
