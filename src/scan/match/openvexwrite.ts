// OpenVEX out: what suppressions set aside, as statements that other tools read (openvex.dev specification 0.2.0).
import { createHash } from 'node:crypto';
import type { Finding } from './finding.ts';

export const CONTEXT = 'https://openvex.dev/ns/v0.2.0';

/** What the image is called in product ids. */
export interface ImageIdentity {
  reference: string;
  digest?: string;
}

/** The findings that suppressions set aside, as statements that other tools read. */
export function formatOpenVex(
  findings: readonly Finding[],
  image: ImageIdentity,
  author: string,
  now: Date,
): string {
  const timestamp = now.toISOString();
  const statements = findings
    .filter((finding) => finding.suppressed !== undefined)
    .map((finding) => {
      const suppressed = finding.suppressed!;
      const about = {
        vulnerability: {
          name: finding.id,
          ...(finding.aliases.length > 0 ? { aliases: finding.aliases } : {}),
        },
        timestamp,
        products: [productOf(finding, image)],
        supplier: suppressed.author,
      };
      const until = `${suppressed.reason} (until ${suppressed.expires})`;
      return suppressed.kind === 'not_affected'
        ? {
            ...about,
            status: 'not_affected',
            justification: suppressed.justification,
            impact_statement: until,
          }
        : { ...about, status: 'affected', action_statement: `accepted: ${until}` };
    });
  const id = createHash('sha256')
    .update(JSON.stringify([image, statements]))
    .digest('hex');
  const document = {
    '@context': CONTEXT,
    '@id': `https://openvex.dev/docs/seaworthy/vex-${id}`,
    author,
    timestamp,
    version: 1,
    statements,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function productOf(finding: Finding, image: ImageIdentity) {
  if (image.digest === undefined) return { '@id': finding.purl };
  const name =
    image.reference
      .replace(/[@:][^/]*$/, '')
      .split('/')
      .at(-1) ?? 'image';
  return {
    '@id': `pkg:oci/${name}@${encodeURIComponent(image.digest)}`,
    subcomponents: [{ '@id': finding.purl }],
  };
}
