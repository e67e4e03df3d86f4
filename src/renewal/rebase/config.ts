// The config of a rebased image: the new base's layers below the image's own, and a three-way merge of all it says.
import { digestOf, type JsonObject } from '../../image/index.ts';
import { mergedEnv } from './env.ts';
import { rebasedHistory } from './history.ts';
import { type Conflict, isEmpty, isSame, merged, mergedMap } from './merge.ts';
import { type BaseNames, renamedLabels } from './names.ts';
import type { RebaseImage } from './sides.ts';

export interface RebasedConfig {
  bytes: Buffer;
  digest: string;
  document: JsonObject;
  conflicts: Conflict[];
}

/** Fields of the config that are the image's or the base's as a whole. */
const maps: ReadonlySet<string> = new Set(['ExposedPorts', 'Volumes', 'Labels']);

/** The same input gives the same bytes. What is proven is not looked at again: the prefix must be. */
export function rebaseConfig(
  app: RebaseImage,
  oldBase: RebaseImage,
  newBase: RebaseImage,
  names: BaseNames,
): RebasedConfig {
  const conflicts: Conflict[] = [];
  const settings = mergedSettings(app, oldBase, newBase, names, conflicts);
  const created = laterOf(app.config.created, newBase.config.created);
  const diffIds = [...newBase.config.diffIds, ...app.config.diffIds.slice(oldBase.config.diffIds.length)];
  const history = rebasedHistory(documented(app), documented(oldBase), documented(newBase));
  const features = merged(
    'os.features',
    oldBase.configDocument['os.features'],
    app.configDocument['os.features'],
    newBase.configDocument['os.features'],
    conflicts,
  );
  const { history: _, created: __, 'os.features': ___, ...rest } = app.configDocument;
  const document: JsonObject = {
    ...(created === undefined ? {} : { created }),
    ...rest,
    ...(features === undefined ? {} : { 'os.features': features }),
    ...(settings === undefined ? {} : { config: settings }),
    rootfs: { ...(rest['rootfs'] as JsonObject), diff_ids: diffIds },
    ...(history === undefined ? {} : { history }),
  };
  const bytes = Buffer.from(JSON.stringify(document));
  return { bytes, digest: digestOf(bytes), document, conflicts };
}

function documented(image: RebaseImage): { document: JsonObject; layers: number } {
  return { document: image.configDocument, layers: image.config.diffIds.length };
}

function mergedSettings(
  app: RebaseImage,
  oldBase: RebaseImage,
  newBase: RebaseImage,
  names: BaseNames,
  conflicts: Conflict[],
): JsonObject | undefined {
  const [old, own, next] = [oldBase, app, newBase].map(({ configDocument }) => configDocument['config']) as [
    JsonObject | null | undefined,
    JsonObject | null | undefined,
    JsonObject | null | undefined,
  ];
  if (isEmpty(own) && isEmpty(next)) return own ?? undefined;
  const result = new Map<string, unknown>();
  for (const key of new Set([...Object.keys(own ?? {}), ...Object.keys(next ?? {})])) {
    const field = `config.${key}`;
    const values = [old?.[key], own?.[key], next?.[key]] as const;
    const value =
      key === 'Env'
        ? mergedEnv(oldBase.config.env, app.config.env, newBase.config.env, conflicts)
        : maps.has(key)
          ? mergedMap(field, ...values, conflicts)
          : merged(field, ...values, conflicts);
    if (value !== undefined) result.set(key, value);
  }
  settleCommand(old, own, next, result, conflicts);
  const labels = renamedLabels(result.get('Labels'), app, newBase, names, conflicts);
  if (labels !== undefined) result.set('Labels', labels);
  return Object.fromEntries(result);
}

/**
 * Builders drop the inherited Cmd where a Dockerfile sets an entrypoint: a Cmd that the new base brings is no argument
 * for the image's own entrypoint. And arguments of the image for an entrypoint that became another are said.
 */
function settleCommand(
  old: JsonObject | null | undefined,
  own: JsonObject | null | undefined,
  next: JsonObject | null | undefined,
  result: Map<string, unknown>,
  conflicts: Conflict[],
): void {
  const hasEntrypoint = !isSame(own?.['Entrypoint'], old?.['Entrypoint']);
  if (hasEntrypoint) {
    if (own !== null && own !== undefined && Object.hasOwn(own, 'Cmd')) result.set('Cmd', own['Cmd']);
    else result.delete('Cmd');
  } else if (!isSame(own?.['Cmd'], old?.['Cmd']) && !isSame(next?.['Entrypoint'], old?.['Entrypoint']))
    conflicts.push({
      field: 'config.Entrypoint',
      text: 'the new base’s entrypoint is another one; it gets the image’s own Cmd',
    });
}

/** RFC 3339 texts; the later one as it was written. */
function laterOf(a: string | undefined, b: string | undefined): string | undefined {
  const [left, right] = [a, b].map((text) => Date.parse(text ?? ''));
  if (Number.isNaN(left!)) return Number.isNaN(right!) ? (a ?? b) : b;
  return Number.isNaN(right!) || left! >= right! ? a : b;
}
