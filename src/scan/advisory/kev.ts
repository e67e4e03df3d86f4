// CISA's catalogue of known exploited vulnerabilities.
import { messageOf, parseJson } from '../../core/index.ts';
import { cveNumber } from './epss.ts';
import { AdvisoryFault } from './fault.ts';
import { believable } from './time.ts';

export interface KevCatalogue {
  /** When it was released, ISO 8601. */
  date: string;
  /** By `cveNumber`. */
  entries: Map<number, { added: string; ransomware: boolean }>;
  /** Entries without a CVE or a date. */
  unreadable: number;
}

/** Throws AdvisoryFault `feed-unreadable`. */
export function parseKev(text: string): KevCatalogue {
  const { dateReleased, vulnerabilities } = parsed(text);
  const date = believable(dateReleased);
  if (date === undefined || !Array.isArray(vulnerabilities))
    throw new AdvisoryFault(
      'feed-unreadable',
      'KEV: expected dateReleased and vulnerabilities, got other JSON',
    );
  const catalogue: KevCatalogue = { date, entries: new Map(), unreadable: 0 };
  for (const entry of vulnerabilities as (Record<string, unknown> | null)[]) {
    const cve = cveNumber(String(entry?.['cveID']));
    const added = String(entry?.['dateAdded']);
    if (cve === undefined || !/^\d{4}-\d\d-\d\d$/.test(added)) catalogue.unreadable++;
    else catalogue.entries.set(cve, { added, ransomware: entry?.['knownRansomwareCampaignUse'] === 'Known' });
  }
  if (catalogue.entries.size === 0)
    throw new AdvisoryFault('feed-unreadable', 'KEV: expected entries, got none');
  return catalogue;
}

function parsed(text: string): Record<string, unknown> {
  let json: unknown;
  try {
    json = parseJson(text);
  } catch (cause) {
    throw new AdvisoryFault('feed-unreadable', `KEV: expected JSON, got ${messageOf(cause)}`, { cause });
  }
  return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {};
}
