// The new digest is rolled out by every target; one that comes back takes the tag back with it.
import type { RenewalTables } from './book.ts';
import { type Cause, causeText, short } from './cause.ts';
import type { RenewalParts, RolloutLook, RolloutOrder } from './parts.ts';
import type { ImageRow, Move } from './step.ts';

const lookAgain = 2_000;

export async function rolling(image: ImageRow, parts: RenewalParts, signal: AbortSignal): Promise<Move> {
  const names = parts.settingsOf(image.reference)?.rollout ?? [];
  const { cause } = await parts.ledger
    .read<RenewalTables>()
    .selectFrom('renewal_renewals')
    .select('cause')
    .where('id', '=', image.renewal)
    .executeTakeFirstOrThrow();
  const order: RolloutOrder = {
    id: image.id,
    reference: image.reference,
    from: image.from_digest,
    to: image.to_digest!,
    cause: `${causeText(JSON.parse(cause) as Cause)} (renewal ${image.renewal})`,
  };
  const looks: [string, RolloutLook][] = [];
  for (const name of names) looks.push([name, await lookAt(name, order, image, parts, signal)]);
  const bad = looks.find(([, { state }]) => state === 'returned' || state === 'failed');
  if (bad !== undefined) return takeBack(image, parts, `${bad[0]}: ${bad[1].text}`);
  const open = looks.filter(([, { state }]) => state === 'running');
  const text = looks.map(([name, look]) => `${name}: ${look.text}`).join('; ');
  return open.length > 0 ? { again: lookAgain, text } : { to: 'done', text };
}

async function lookAt(
  name: string,
  order: RolloutOrder,
  image: ImageRow,
  parts: RenewalParts,
  signal: AbortSignal,
): Promise<RolloutLook> {
  const target = parts.targets.get(name);
  if (target === undefined)
    return { state: 'nothing', text: 'the configuration has no such target any more' };
  const now = parts.clock.now().getTime();
  const known = await parts.ledger
    .read<RenewalTables>()
    .selectFrom('renewal_rollouts')
    .select(['state', 'text'])
    .where('image', '=', image.id)
    .where('target', '=', name)
    .executeTakeFirst();
  if (known !== undefined && known.state !== 'running') return known;
  if (known === undefined) await target.start(order, signal);
  const look = await target.look(order, signal);
  await parts.ledger.write<RenewalTables, void>(async (write) => {
    await write
      .insertInto('renewal_rollouts')
      .values({
        id: `${image.id}.${name}`,
        image: image.id,
        target: name,
        ...look,
        started_at: now,
        ended_at: look.state === 'running' ? null : now,
      })
      .onConflict((conflict) =>
        conflict.columns(['image', 'target']).doUpdateSet({
          ...look,
          ended_at: look.state === 'running' ? null : now,
        }),
      )
      .execute();
  });
  return look;
}

/** The tag goes back only while it still names the bad digest; nothing is renewed on that base until a person says so. */
async function takeBack(image: ImageRow, parts: RenewalParts, why: string): Promise<Move> {
  const now = await parts.workshop.current(image.reference);
  if (now === image.to_digest)
    await parts.workshop.moveTag(image.reference, image.to_digest!, image.from_digest);
  await parts.ledger.write<RenewalTables, void>(async (write) => {
    const hold = {
      reason: `${image.reference} came back from ${short(image.base_to!)}: ${why}`,
      image: image.reference,
      since: parts.clock.now().getTime(),
      released_at: null,
      released_by: null,
      released_why: null,
    };
    await write
      .insertInto('renewal_holds')
      .values({ base: image.base, digest: image.base_to!, ...hold })
      .onConflict((conflict) => conflict.columns(['base', 'digest']).doUpdateSet(hold))
      .execute();
  });
  const tag =
    now === image.to_digest ? 'the tag names the old digest again' : 'the tag was moved by somebody else';
  return {
    to: 'returned',
    text: `${why}; ${tag}; nothing is renewed on ${image.base} until seaworthy release ${image.base} --reason TEXT`,
  };
}
