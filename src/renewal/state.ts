// How far a renewal is, and what may follow what.

/** `undecided`, `refused`: the new base is not `allow`, which is looked at again as long as the tag names it. */
export type RenewalState =
  | 'running'
  | 'done'
  /** Some images followed, others did not. */
  | 'partly'
  | 'failed'
  | 'refused'
  | 'undecided'
  | 'held'
  | 'superseded'
  | 'nothing';

/** Its base is not allowed yet, or held: it is asked again. */
export function isWaiting(state: RenewalState): boolean {
  return state === 'refused' || state === 'undecided' || state === 'held';
}

/** In the order that an image goes through them. */
export const openStates = [
  /** Its base is not renewed yet, or an earlier renewal of it is not over. */
  'waiting',
  /** Rebased, or the rebuild is under way. */
  'making',
  'scanning',
  /** Judged without our signature. */
  'judging',
  'signing',
  /** Judged with it: only `allow` goes on. */
  'checking',
  /** The smoke test of the configuration runs. */
  'trying',
  /** A person is asked. */
  'approval',
  'tagging',
  'rolling',
] as const;

export const endStates = [
  'done',
  /** A step cannot be done, whatever is tried. */
  'failed',
  /** Findings, or the policy, say that it would be worse than what is there, or may not run. */
  'stopped',
  /** Its rebase is not proven safe, and nothing is configured to rebuild it. */
  'unsafe',
  /** The base it stands on was not renewed. */
  'skipped',
  /** A newer base, or somebody's push under the same tag, came before. */
  'superseded',
  /** Rolled out, failed, and taken back. */
  'returned',
  'declined',
] as const;

export type OpenState = (typeof openStates)[number];
export type EndState = (typeof endStates)[number];
export type ImageState = OpenState | EndState;

export function isEnd(state: ImageState): state is EndState {
  return (endStates as readonly string[]).includes(state);
}

/** Nothing outside was changed yet: a newer base may take its place. */
export function isBeforeTag(state: ImageState): boolean {
  return !isEnd(state) && state !== 'tagging' && state !== 'rolling';
}

/** Of a renewal, from those of its images. */
export function renewalStateOf(states: readonly ImageState[]): { state: RenewalState; text: string } {
  if (states.length === 0) return { state: 'nothing', text: 'no image stands on it' };
  if (states.some((state) => !isEnd(state))) return { state: 'running', text: '' };
  const counts = new Map<ImageState, number>();
  for (const state of states) counts.set(state, (counts.get(state) ?? 0) + 1);
  const text = [...counts].map(([state, count]) => `${count} ${state}`).join(', ');
  if (counts.size === 1 && counts.has('superseded')) return { state: 'superseded', text };
  const good = states.filter((state) => state === 'done' || state === 'superseded').length;
  return { state: good === states.length ? 'done' : good > 0 ? 'partly' : 'failed', text };
}
