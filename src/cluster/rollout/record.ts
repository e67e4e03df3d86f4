// What a workload remembers of its rollout, in an annotation, so that any machine can finish what another one began.
import { parseJson } from '../../core/index.ts';
import { isDigest } from '../../image/index.ts';
import type { KubeObject } from '../kube/index.ts';
import { type ImageRole, referenceOf } from '../workload/index.ts';
import { RolloutFault } from './fault.ts';

export const recordAnnotation = 'seaworthy.dev/rollout';

/**
 * `moving` and `returning` are under way; the others are ends: `moved` and seen to work, `unproven` (moved, but nothing
 * ran that would show it), `returned`, `stuck` (the way back failed as well), `overtaken` by somebody else's change.
 */
export type RolloutState = 'moving' | 'returning' | 'moved' | 'unproven' | 'returned' | 'stuck' | 'overtaken';

export interface MovedImage {
  role: ImageRole;
  name: string;
  /** As the template named it. */
  before: string;
  /** The last good one, by digest. */
  good: string;
  after: string;
}

export interface RolloutRecord {
  version: 1;
  /** Of the whole rollout: workloads that were moved together share it. */
  id: string;
  state: RolloutState;
  /** `registry.example.com/team/app`. */
  repository: string;
  from: string;
  to: string;
  images: MovedImage[];
  /** Pods that were not available before, of a DaemonSet: nodes that are down. */
  unavailable: number;
  by: string;
  cause?: string;
  started: string;
  /** Ms without progress after which it has failed. */
  patience: number;
  deadline: string;
  /** One failure returns all of them. */
  together?: true;
  /** A CronJob is proven by a Job of our own. */
  testJob?: true;
  ended?: string;
  reason?: string;
}

const states: readonly RolloutState[] = [
  'moving',
  'returning',
  'moved',
  'unproven',
  'returned',
  'stuck',
  'overtaken',
];
const roles: readonly ImageRole[] = ['container', 'init', 'sidecar', 'ephemeral', 'volume'];
const textBytes = 64 << 10;
const mostImages = 200;

/** Undefined: there is none. Throws RolloutFault `rollout-record-invalid`. */
export function recordOf({ metadata }: Pick<KubeObject, 'metadata'>): RolloutRecord | undefined {
  const text: unknown = metadata.annotations?.[recordAnnotation];
  return text === undefined ? undefined : parseRecord(text);
}

/**
 * Whoever can write the annotation chooses where a return leads: it counts only while every image is of the one
 * repository and of the two digests it names. Throws RolloutFault `rollout-record-invalid`.
 */
export function parseRecord(text: unknown): RolloutRecord {
  let value: unknown;
  try {
    if (typeof text === 'string' && text.length <= textBytes) value = parseJson(text);
  } catch {}
  if (!isRecord(value))
    throw new RolloutFault(
      'rollout-record-invalid',
      `expected a rollout's record in the annotation ${recordAnnotation}, got something else`,
      {
        hint: `See what the workload runs, then remove the annotation: kubectl annotate … ${recordAnnotation}-`,
      },
    );
  return value;
}

function isRecord(value: unknown): value is RolloutRecord {
  const record = value as Partial<RolloutRecord> | null;
  if (typeof record !== 'object' || record === null || record.version !== 1) return false;
  const texts = [
    record.id,
    record.repository,
    record.from,
    record.to,
    record.by,
    record.started,
    record.deadline,
  ];
  if (!texts.every((text) => typeof text === 'string' && text.length <= 1024)) return false;
  if (!states.includes(record.state!) || !isDigest(record.from!) || !isDigest(record.to!)) return false;
  if (Number.isNaN(Date.parse(record.started!)) || Number.isNaN(Date.parse(record.deadline!))) return false;
  if (!isCount(record.patience) || !isCount(record.unavailable)) return false;
  if (record.together !== undefined && record.together !== true) return false;
  if (record.testJob !== undefined && record.testJob !== true) return false;
  const { images } = record;
  return (
    Array.isArray(images) &&
    images.length > 0 &&
    images.length <= mostImages &&
    images.every(
      (image: Partial<MovedImage> | null) =>
        roles.includes(image?.role as ImageRole) &&
        typeof image?.name === 'string' &&
        typeof image.before === 'string' &&
        isOf(image.before, record.repository!, undefined) &&
        isOf(image.good, record.repository!, record.from!) &&
        isOf(image.after, record.repository!, record.to!),
    )
  );
}

function isOf(text: unknown, repository: string, digest: string | undefined): boolean {
  const reference = typeof text === 'string' ? referenceOf(text) : undefined;
  return (
    reference !== undefined &&
    `${reference.domain}/${reference.repository}` === repository &&
    (digest === undefined || reference.digest === digest)
  );
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

export function formatRecord(record: RolloutRecord): string {
  return JSON.stringify(record);
}

export function isUnderWay({ state }: RolloutRecord): boolean {
  return state === 'moving' || state === 'returning';
}
