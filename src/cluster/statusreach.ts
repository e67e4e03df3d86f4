// Which running containers one flaw reaches: with the workload, the package and the version that ends it.

import type { AdvisoryDatabase } from '../scan/index.ts';
import { paint, plain, type TableLook, wrap } from '../scan/report/index.ts';
import type { ClusterStatus, ImageStatus, RunningFinding, RunningStatus } from './statusanswer.ts';
import { countOf, dayOf, imageText, moreLine, workloadText } from './statustext.ts';
import { undecidedLines } from './statusundecided.ts';

export interface Reached {
  context: string;
  row: RunningStatus;
  findings: RunningFinding[];
}

export interface Reach {
  /** As it was asked for. */
  id: string;
  /** Every id of the same flaw. */
  ids: string[];
  reached: Reached[];
  /** Names the flaw, but whether it affects the image is not known. */
  open: Reached[];
  /** Whether any advisory of the database names it; false: nobody can say of any image. */
  isKnown: boolean;
}

/** Ids are compared without regard to case; `CVE`, `GHSA` and any other id of an advisory count. */
export function reachOf(
  id: string,
  { contexts, images }: ClusterStatus,
  database: AdvisoryDatabase | undefined,
): Reach {
  const ids = idsOf(id, database);
  const wanted = new Set(ids.map((text) => text.toLowerCase()));
  const byKey = new Map<string, RunningFinding[]>();
  for (const image of images)
    byKey.set(
      image.key,
      image.findings.filter((finding) => isOf(finding, wanted)),
    );
  const rows = contexts.flatMap(({ context, running }) =>
    running.map((row) => ({ context, row, findings: byKey.get(row.key) ?? [] })),
  );
  const having = (state: RunningFinding['state']) =>
    rows
      .map((one) => ({ ...one, findings: one.findings.filter((finding) => finding.state === state) }))
      .filter(({ findings }) => findings.length > 0);
  const reached = having('affected');
  return {
    id,
    ids,
    reached,
    open: having('unknown'),
    isKnown: reached.length > 0 || isKnown(ids, database),
  };
}

function idsOf(id: string, database: AdvisoryDatabase | undefined): string[] {
  const written = [
    id,
    id.toUpperCase(),
    id
      .replace(/^ghsa/i, 'GHSA')
      .replace(/^(GHSA)(.*)$/, (_, head, rest) => head + String(rest).toLowerCase()),
  ];
  return [...new Set(written.flatMap((text) => database?.aliasesOf(text) ?? [text]))];
}

/** Scores and records of the flaw itself, or of those that name it. */
function isKnown(ids: readonly string[], database: AdvisoryDatabase | undefined): boolean {
  if (database === undefined) return false;
  return ids.some((id) => {
    const { epss, kev } = database.cve(id);
    return (
      epss !== undefined || kev !== undefined || database.has(id) || database.severitiesOf(id).length > 0
    );
  });
}

function isOf({ id, aliases, advisories }: RunningFinding, wanted: ReadonlySet<string>): boolean {
  return [id, ...aliases, ...advisories].some((text) => wanted.has(text.toLowerCase()));
}

const rowsShown = 50;

export function formatReach(reach: Reach, status: ClusterStatus, look: TableLook): string {
  const { id, ids, reached, open, isKnown: known } = reach;
  const others = ids.filter((text) => text.toLowerCase() !== id.toLowerCase());
  const name = plain(others.length === 0 ? id : `${id} (${others.slice(0, 4).join(', ')})`);
  const workloads = new Set(reached.map(({ context, row }) => `${context} ${workloadText(row)}`));
  const head =
    reached.length > 0
      ? paint(
          `${name} reaches ${countOf(reached.length, 'container')} of ${countOf(workloads.size, 'workload')}`,
          look.colour,
          'bold',
          'red',
        )
      : known
        ? paint(`${name} reaches nothing that could be judged`, look.colour, 'bold')
        : paint(
            `${name}: this home's database tells nothing of it, so nobody can say what it reaches (seaworthy db update)`,
            look.colour,
            'bold',
            'yellow',
          );
  const lines = [
    head,
    ...reached.slice(0, rowsShown).flatMap((one) => reachedLines(one, status, look)),
    ...moreLine(reached.length - rowsShown, look),
  ];
  if (open.length > 0)
    lines.push(
      paint('Whether it affects these is not known', look.colour, 'bold', 'yellow'),
      ...open.slice(0, rowsShown).flatMap((one) => reachedLines(one, status, look)),
      ...moreLine(open.length - rowsShown, look),
    );
  for (const { context, problem } of status.contexts)
    if (problem !== undefined)
      lines.push(
        paint(plain(`${context}: not answering`), look.colour, 'red'),
        ...wrap(plain(`${problem.message} (${problem.code})`), look.columns, '  '),
      );
  const gaps = undecidedLines({ ...status, images: status.images.filter(hasGap) }, look);
  return `${[...lines, ...(gaps.length > 0 ? ['', ...gaps] : [])].join('\n')}\n`;
}

function hasGap({ undecided, problem }: ImageStatus): boolean {
  return problem !== undefined || undecided.length > 0;
}

function reachedLines(
  { context, row, findings }: Reached,
  { contexts }: ClusterStatus,
  look: TableLook,
): string[] {
  const where = contexts.length > 1 ? `${context} ` : '';
  const pods = row.pods > 1 ? ` ×${row.pods}` : '';
  const lines = wrap(
    plain(`${where}${workloadText(row)}${pods} ${row.container} ${imageText(row)}`),
    look.columns,
    '  ',
  );
  for (const { name, version, fixed, level, since, kev } of findings.slice(0, 5)) {
    const known = since === undefined ? '' : `, known here since ${dayOf(Date.parse(since))}`;
    const marks = kev === undefined ? '' : ', known to be exploited';
    lines.push(
      ...wrap(
        plain(
          `${name} ${version}, ${fixed === undefined ? 'no fix known' : `fixed in ${fixed}`} (${level}${marks}${known})`,
        ),
        look.columns,
        '    ',
      ),
    );
  }
  return [...lines, ...moreLine(findings.length - 5, look)];
}
