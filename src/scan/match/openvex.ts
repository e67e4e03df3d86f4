// OpenVEX (openvex.dev specification 0.2.0): what others say of a finding read in, suppressions written out.
import { Fault, parseJson } from '../../core/index.ts';
import { parsePurl } from '../package/index.ts';
import { purlCovers } from './covers.ts';
import type { Finding } from './finding.ts';
import { CONTEXT, type ImageIdentity } from './openvexwrite.ts';

export type VexFaultCode = 'vex-invalid';

export class VexFault extends Fault<VexFaultCode> {}

export type VexStatus = 'not_affected' | 'affected' | 'fixed' | 'under_investigation';

export interface VexStatement {
  /** The vulnerability's name and aliases. */
  ids: string[];
  /** Products and, where given, the parts of them that are meant. */
  products: { id: string; parts: string[] }[];
  status: VexStatus;
  justification?: string;
  impact?: string;
  author: string;
  /** ISO 8601; a later statement stands over an earlier one. */
  at: string;
}

const statuses: readonly string[] = ['not_affected', 'affected', 'fixed', 'under_investigation'];

/** Throws VexFault or JsonFault. */
export function parseOpenVex(text: string, file: string): VexStatement[] {
  const document = record(parseJson(text), file, 'a document');
  if (typeof document['@context'] !== 'string' || !document['@context'].startsWith('https://openvex.dev/ns'))
    throw new VexFault(
      'vex-invalid',
      `${file}: expected @context ${CONTEXT}, got ${JSON.stringify(document['@context'])}`,
    );
  if (typeof document['author'] !== 'string')
    throw new VexFault('vex-invalid', `${file}: expected an author, got none`);
  const author = document['author'];
  const statements = document['statements'];
  if (!Array.isArray(statements))
    throw new VexFault('vex-invalid', `${file}: expected a list of statements, got none`);
  return statements.map((entry, i) => {
    const statement = record(entry, file, `statement ${i + 1}`);
    const status = statement['status'];
    if (typeof status !== 'string' || !statuses.includes(status))
      throw new VexFault(
        'vex-invalid',
        `${file}: statement ${i + 1}: expected a status of ${statuses.join(', ')}, got ${JSON.stringify(status)}`,
      );
    return {
      ids: vulnerabilityIds(statement['vulnerability'], file, i),
      products: products(statement['products']),
      status: status as VexStatus,
      ...textOf(statement, 'justification', 'justification'),
      ...textOf(statement, 'impact_statement', 'impact'),
      author: typeof statement['supplier'] === 'string' ? statement['supplier'] : author,
      at: String(statement['timestamp'] ?? document['timestamp'] ?? ''),
    };
  });
}

/** The finding in the state that the latest fitting statement gives it, naming who said so. */
export function applyVex(
  finding: Finding,
  statements: readonly VexStatement[],
  image: ImageIdentity,
): Finding {
  const fitting = statements.filter((statement) => speaksOf(statement, finding, image));
  const latest = fitting.reduce<VexStatement | undefined>(
    (a, b) => (a === undefined || instant(b.at) >= instant(a.at) ? b : a),
    undefined,
  );
  if (latest === undefined || latest.status === 'affected') return finding;
  const { state: _, ...rest } = finding;
  if (latest.status === 'under_investigation')
    return { ...rest, state: 'unknown', reason: `under investigation by ${latest.author}` } as Finding;
  const reason =
    latest.status === 'fixed' ? 'fixed' : (latest.impact ?? latest.justification ?? 'not affected');
  return {
    ...rest,
    state: 'not_affected',
    reason,
    author: latest.author,
    ...(latest.justification ? { justification: latest.justification } : {}),
    priority: 0,
  } as Finding;
}

/** Of two statements with one instant the later in the file stands; one without any comes before all. */
function instant(at: string): number {
  const time = Date.parse(at);
  return Number.isNaN(time) ? Number.NEGATIVE_INFINITY : time;
}

function speaksOf(statement: VexStatement, finding: Finding, image: ImageIdentity): boolean {
  if (!statement.ids.some((id) => id === finding.id || finding.aliases.includes(id))) return false;
  return statement.products.some(({ id, parts }) => {
    if (purlCovers(id, finding.purl)) return true;
    return isImage(id, image) && (parts.length === 0 || parts.some((part) => purlCovers(part, finding.purl)));
  });
}

/** By digest, or by the very reference that was scanned: a name alone would speak of every image under it. */
function isImage(id: string, image: ImageIdentity): boolean {
  if (id === image.reference) return true;
  if (image.digest === undefined) return false;
  const purl = parsePurl(id);
  return id.endsWith(`@${image.digest}`) || (purl?.type === 'oci' && purl.version === image.digest);
}

function vulnerabilityIds(value: unknown, file: string, i: number): string[] {
  if (typeof value === 'string') return [value];
  const vulnerability = record(value, file, `the vulnerability of statement ${i + 1}`);
  const aliases = Array.isArray(vulnerability['aliases']) ? vulnerability['aliases'] : [];
  const ids = [vulnerability['name'], ...aliases].filter((id) => typeof id === 'string');
  if (ids.length === 0)
    throw new VexFault(
      'vex-invalid',
      `${file}: statement ${i + 1}: expected a vulnerability with a name, got none`,
    );
  return ids;
}

function products(value: unknown): { id: string; parts: string[] }[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((product: unknown) => idsOf(product).map((id) => ({ id, parts: partsOf(product) })));
}

function idsOf(product: unknown): string[] {
  if (typeof product === 'string') return [product];
  if (typeof product !== 'object' || product === null) return [];
  const { '@id': id, identifiers } = product as { '@id'?: unknown; identifiers?: { purl?: unknown } };
  return [id, identifiers?.purl].filter((found) => typeof found === 'string');
}

function partsOf(product: unknown): string[] {
  const parts =
    typeof product === 'object' && product !== null
      ? (product as { subcomponents?: unknown }).subcomponents
      : undefined;
  return Array.isArray(parts) ? parts.flatMap(idsOf) : [];
}

function record(value: unknown, file: string, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new VexFault(
      'vex-invalid',
      `${file}: expected ${what} as an object, got ${value === null ? 'null' : typeof value}`,
    );
  return value as Record<string, unknown>;
}

function textOf<Key extends string>(
  from: Record<string, unknown>,
  key: string,
  as: Key,
): { [K in Key]?: string } {
  return (typeof from[key] === 'string' ? { [as]: from[key] } : {}) as { [K in Key]?: string };
}
