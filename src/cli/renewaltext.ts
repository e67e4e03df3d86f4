// Renewals as people read them.
import { plain } from '../scan/report/index.ts';
import type { ApiCounted, ApiHold, ApiPlan, ApiRenewalSummary } from '../server/contract/index.ts';

export function formatRenewals(renewals: readonly ApiRenewalSummary[]): string {
  if (renewals.length === 0) return 'nothing was renewed yet\n';
  return table([
    ['RENEWAL', 'STATE', 'IMAGES', 'TOOK', 'WHY'],
    ...renewals.map(({ id, state, images, createdAt, endedAt, cause, text }) => [
      id,
      state,
      String(images),
      endedAt === undefined ? '…' : seconds(createdAt, endedAt),
      state === 'running' || state === 'done' || text === '' ? cause : `${cause}: ${text}`,
    ]),
  ]);
}

export function formatHolds(holds: readonly ApiHold[]): string {
  return holds
    .map(
      ({ base, digest, reason, since }) =>
        `\nheld since ${since.slice(0, 16)}: ${base} at ${short(digest)}\n  ${reason}\n  seaworthy release ${base} --reason TEXT\n`,
    )
    .join('');
}

export function formatPlan({ base, digest, decision, why, held, pipelines, images }: ApiPlan): string {
  const head = `${base}@${short(digest)}: ${decision}${why === '' ? '' : `, ${why}`}\n${held === undefined ? '' : `held: ${held}\n  seaworthy release ${base} --reason TEXT\n`}`;
  if (images.length === 0) return `${head}nothing stands on an earlier digest of it\n`;
  const note = decision === 'allow' ? '' : 'it is not allowed itself: nothing would be renewed\n';
  return `${head}${note}${pipelines.map(pipelineLine).join('')}${table([
    ['LEVEL', 'IMAGE', 'ON', 'MEANS'],
    ...images.map(({ level, reference, base: on, baseDigest, means }) => [
      String(level),
      reference,
      `${on}@${short(baseDigest)}`,
      means === undefined ? 'none: renewal.images does not name it' : means.join(', else '),
    ]),
  ])}`;
}

function pipelineLine({ name, trouble }: ApiPlan['pipelines'][number]): string {
  return `pipeline ${name}: ${trouble === undefined ? 'can be asked' : plain(trouble)}\n`;
}

export function formatCountedLevels({ levels: counts, undecided }: ApiCounted): string {
  const parts = Object.entries(counts).flatMap(([level, count]) => (count > 0 ? [`${count} ${level}`] : []));
  return `${parts.length === 0 ? 'none' : parts.join(' ')}${undecided > 0 ? ` (${undecided} undecided)` : ''}`;
}

export function short(digest: string): string {
  return digest.slice(0, digest.indexOf(':') + 13);
}

export function seconds(from: string, to: string): string {
  const ms = Date.parse(to) - Date.parse(from);
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`;
}

export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map(
      (row) =>
        `${row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column]!))).join('  ')}\n`,
    )
    .join('');
}
