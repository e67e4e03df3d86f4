// One renewal as people read it: every image with what changed in it, how it was made, and how long each step took.
import { plain, wrap } from '../scan/report/index.ts';
import type { ApiRenewalDetail, ApiRenewedImage } from '../server/contract/index.ts';
import { formatCountedLevels, seconds, short } from './renewaltext.ts';

/** Lines of one kind that are shown; `--format json` has all that is kept. */
const most = 8;

export function formatRenewal(renewal: ApiRenewalDetail, columns = process.stdout.columns || 100): string {
  const { id, state, text, cause, createdAt, endedAt, images, base, digest } = renewal;
  const took = endedAt === undefined ? '' : `, took ${seconds(createdAt, endedAt)}`;
  const lines = [
    `${id}  ${state}`,
    ...wrapped(cause, columns),
    ...(text === '' ? [] : wrapped(text, columns)),
    ...(base === '' ? [] : [`  base ${base}@${digest}`]),
    `  began ${createdAt.slice(0, 19)}Z${took}`,
    ...(state === 'held' ? [`  ends with: seaworthy release ${base} --reason TEXT`] : []),
    ...images.flatMap((image) => ['', ...imageLines(image, columns)]),
  ];
  return `${lines.join('\n')}\n`;
}

function imageLines(image: ApiRenewedImage, columns: number): string[] {
  const { base, means, why, approvedBy, rollouts, text, steps, tried } = image;
  const to = (digest: string | undefined, none: string) => (digest === undefined ? none : short(digest));
  const moved = base.from === base.to ? short(base.from) : `${short(base.from)} → ${to(base.to, '?')}`;
  const on = base.reference === '' ? [] : wrapped(`on ${base.reference} ${moved}`, columns);
  const isSaid = text === '' || text === `smoke test: ${tried?.text}`;
  const made = [means, why].filter((part) => part !== undefined).join(': ');
  return [
    `${image.reference}  ${image.state}  (${image.id})`,
    `  ${short(image.from)} → ${to(image.to, 'nothing yet')}`,
    ...on,
    ...(made === '' ? [] : wrapped(made, columns)),
    ...image.notes.flatMap((note) => wrapped(`note: ${note}`, columns)),
    ...findingLines(image, columns),
    ...packageLines(image),
    ...(tried === undefined
      ? []
      : [`  smoke test: ${plain(tried.text)}, ${tried.seconds.toFixed(1)} s`, ...tried.output.map(indented)]),
    ...(approvedBy === undefined ? [] : [`  approved by ${approvedBy}`]),
    ...rollouts.flatMap((one) =>
      wrapped(`${one.target}: ${one.state}${one.text === '' ? '' : `, ${one.text}`}`, columns),
    ),
    ...(isSaid || (rollouts.length > 0 && image.state !== 'returned') ? [] : wrapped(text, columns)),
    ...(steps.length === 0
      ? []
      : wrapped(
          steps.map(({ step, startedAt, endedAt }) => `${step} ${seconds(startedAt, endedAt)}`).join(', '),
          columns,
        )),
  ];
}

function findingLines({ before, after }: ApiRenewedImage, columns: number): string[] {
  if (before === undefined) return [];
  const counts = `findings: ${formatCountedLevels(before)}${after === undefined ? '' : ` → ${formatCountedLevels(after)}`}`;
  const named = (what: string, list: readonly string[]) =>
    list.length === 0 ? [] : wrapped(`  ${what}: ${firstOf(list)}`, columns);
  const gone = before.named.filter((text) => after?.named.includes(text) === false);
  const come = after?.named.filter((text) => !before.named.includes(text)) ?? [];
  return [`  ${counts}`, ...named('gone', gone), ...named('new', come)];
}

const words = {
  upgraded: 'newer',
  downgraded: 'older',
  unordered: 'changed',
  added: 'added',
  removed: 'removed',
};

function packageLines({ packages }: ApiRenewedImage): string[] {
  if (packages === undefined) return [];
  const { counts, changes } = packages;
  const kinds = (['upgraded', 'downgraded', 'unordered', 'added', 'removed'] as const).filter(
    (one) => counts[one],
  );
  const all = kinds.reduce((total, kind) => total + counts[kind], 0);
  if (all === 0) return ['  packages: the same'];
  const lines = changes
    .slice(0, most)
    .map(({ kind, name, before, after }) =>
      indented(`${words[kind]} ${name} ${[before, after].filter((one) => one !== undefined).join(' → ')}`),
    );
  const more = all - lines.length;
  return [
    `  packages: ${kinds.map((kind) => `${counts[kind]} ${words[kind]}`).join(', ')}`,
    ...lines,
    ...(more > 0 ? [indented(`and ${more} more`)] : []),
  ];
}

function firstOf(list: readonly string[]): string {
  const more = list.length - most;
  return `${list.slice(0, most).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function indented(line: string): string {
  return `    ${plain(line)}`;
}

/** Two columns in, and two more where it goes on. */
function wrapped(text: string, columns: number): string[] {
  const inner = text.length - text.trimStart().length + 2;
  return wrap(plain(text.trim()), columns - inner - 2).map(
    (line, at) => `${' '.repeat(at === 0 ? inner : inner + 2)}${line}`,
  );
}
