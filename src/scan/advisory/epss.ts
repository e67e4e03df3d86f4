// FIRST's EPSS scores: how likely a CVE is exploited in the next 30 days (one CSV of all scores a day).
import { defaultLimits } from '../../core/index.ts';
import { AdvisoryFault } from './fault.ts';

export interface EpssScores {
  /** Day of the scores, ISO 8601. */
  date: string;
  /** CVE number (`cveNumber`) → probability in hundred-thousandths, as the file's five decimals. */
  scores: Map<number, number>;
  /** Lines that name no CVE or no score. */
  unreadable: number;
}

/** Throws AdvisoryFault `feed-unreadable` when it is not such a file, or most lines are not. */
export function parseEpss(text: string): EpssScores {
  const date = /^#[^\n]{0,200}\bscore_date:(\d{4}-\d\d-\d\d(?:T[0-9:]{8})?)/.exec(text)?.[1];
  const header = text.indexOf('cve,epss');
  if (date === undefined || header < 0 || header > 1000)
    throw new AdvisoryFault(
      'feed-unreadable',
      'EPSS: expected a score date and a header, got neither or one',
    );
  const scores = new Map<number, number>();
  let unreadable = 0;
  for (let at = text.indexOf('\n', header) + 1; at > 0 && at < text.length; ) {
    const next = text.indexOf('\n', at);
    const end = next < 0 ? text.length : next;
    const row = text.slice(at, Math.min(end, at + 200));
    at = end + 1;
    const comma = row.indexOf(',');
    const cve = cveNumber(row.slice(0, Math.max(comma, 0)));
    const score = /^(?:0|1)(?:\.\d{1,20})?(?:e-?\d{1,3})?(?=,|\r?$)/i.exec(row.slice(comma + 1))?.[0];
    if (cve === undefined || score === undefined || Number(score) > 1) unreadable++;
    else scores.set(cve, Math.round(Number(score) * 1e5));
    if (scores.size > defaultLimits.feedRecords)
      throw new AdvisoryFault('feed-unreadable', 'EPSS: expected fewer CVEs, got more');
  }
  if (scores.size === 0 || unreadable > scores.size)
    throw new AdvisoryFault(
      'feed-unreadable',
      `EPSS: expected scores, got ${unreadable} lines that are none`,
    );
  return { date: date.length > 10 ? `${date}Z` : `${date}T00:00:00Z`, scores, unreadable };
}

/** `CVE-2024-3094` as one whole number that orders as the CVEs do; undefined for any other id. */
export function cveNumber(id: string): number | undefined {
  const match = /^CVE-(\d{4})-(\d{4,9})$/.exec(id);
  return match === null ? undefined : Number(match[1]) * 1e9 + Number(match[2]);
}

/** The CVE of a number that `cveNumber` gave; leading zeros beyond four digits are not kept apart. */
export function cveName(number: number): string {
  return `CVE-${Math.floor(number / 1e9)}-${String(number % 1e9).padStart(4, '0')}`;
}

/** CVE numbers in one block. */
const blockSize = 4096;

/** Scores in blocks: each an ordered list of 32-bit words, 12 bits of place in the block and 17 of score. */
export function packScores(scores: ReadonlyMap<number, number>): Map<number, Uint8Array> {
  const blocks = new Map<number, number[]>();
  for (const [cve, score] of scores) {
    const block = Math.floor(cve / blockSize);
    const words = blocks.get(block);
    const word = (cve % blockSize) * 2 ** 17 + score;
    if (words === undefined) blocks.set(block, [word]);
    else words.push(word);
  }
  const packed = new Map<number, Uint8Array>();
  for (const [block, words] of blocks) {
    const bytes = Buffer.alloc(words.length * 4);
    for (const [n, word] of words.sort((a, b) => a - b).entries()) bytes.writeUInt32LE(word, n * 4);
    packed.set(block, bytes);
  }
  return packed;
}

export function blockOf(cve: number): number {
  return Math.floor(cve / blockSize);
}

/** Hundred-thousandths, or undefined when the block has no score for the CVE. */
export function scoreIn(block: Uint8Array, cve: number): number | undefined {
  const words = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const place = cve % blockSize;
  let low = 0;
  let high = block.byteLength >> 2;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (words.getUint32(middle * 4, true) >>> 17 < place) low = middle + 1;
    else high = middle;
  }
  const word = low * 4 < block.byteLength ? words.getUint32(low * 4, true) : undefined;
  return word !== undefined && word >>> 17 === place ? word & 0x1ffff : undefined;
}
