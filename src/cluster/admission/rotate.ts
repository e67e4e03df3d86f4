// When which certificate is made anew: an authority is published before anything signed by it is served.
import { isSignedBy } from '../../trust/certificate/index.ts';
import {
  backdate,
  type CertificateState,
  leafLife,
  makeAuthority,
  makeLeaf,
  type ReadState,
  readState,
} from './certificate.ts';

/** Ms that API servers are given to see a bundle that was written, before what it vouches for is served. */
export const settling = 60_000;

export interface Surroundings {
  /** Ms since 1970, by the API server's clock. */
  now: number;
  /** Names that the API server calls. */
  names: readonly string[];
  /** Whether every webhook configuration holds the newest authority already. */
  published: boolean;
  /** What this replica serves: its certificate stays until the webhook configurations hold another authority. */
  serving?: CertificateState | undefined;
}

export interface NextState {
  state: CertificateState;
  changed: boolean;
  /** Ms since 1970 at which something will be due; what waits for publishing is due at once and again. */
  renewAt: number;
  /** What was done and why, for the log. */
  done: readonly string[];
}

/** The state that has to be now. `state` undefined: there is none, or one that nobody can read. */
export function nextState(state: CertificateState | undefined, around: Surroundings): NextState {
  const read = state === undefined ? 'there is none' : readState(state, around.names);
  if (state === undefined || typeof read === 'string')
    return overlapping(around, read as string) ?? anew(around, `made: ${read as string}`);
  const { now } = around;
  if (now < read.authority.notBefore || now < read.leaf.notBefore)
    return anew(around, 'made anew: what was there is dated in the future');
  if (now >= read.authority.notAfter) return anew(around, 'made anew: the authority has expired');
  return step(state, read, around);
}

function anew({ now, names }: Surroundings, done: string): NextState {
  const authority = makeAuthority(now);
  const state = { authority, previous: [], leaf: makeLeaf(authority, names, now) };
  return { state, changed: true, renewAt: now + (leafLife * 2) / 3, done: [done] };
}

/** Lost or damaged while a good one is served: a new authority beside it, as if it were due. */
function overlapping({ now, names, serving }: Surroundings, why: string): NextState | undefined {
  const read = serving === undefined ? 'there is none' : readState(serving, names);
  if (serving === undefined || typeof read === 'string') return undefined;
  if (now < read.leaf.notBefore || now >= read.leaf.notAfter) return undefined;
  const all = [serving.authority.cert, ...serving.previous];
  const signer = [read.authority, ...read.previous].findIndex((by) => isSignedBy(read.leaf, by));
  const state = { authority: makeAuthority(now), previous: [all[signer]!], leaf: serving.leaf };
  const done = [`made anew beside the one that is served: ${why}`];
  return { state, changed: true, renewAt: dueAt(state, names, now), done };
}

function step(before: CertificateState, read: ReadState, around: Surroundings): NextState {
  const { now, names } = around;
  const done: string[] = [];
  let state = before;
  let { authority } = read;
  let isNewest = isSignedBy(read.leaf, authority);
  // a successor waits until the one before it has taken over: there are never three
  if (now >= twoThirds(authority) && isNewest) {
    const made = makeAuthority(now);
    state = { ...state, authority: made, previous: [state.authority.cert, ...state.previous] };
    authority = readNow(state, names).authority;
    isNewest = false;
    done.push('a new authority, published before it is used');
  }
  const isSeen = around.published && done.length === 0 && now >= createdAt(authority) + settling;
  const isLeafDue = now >= twoThirds(read.leaf);
  const isLeafGone = now >= read.leaf.notAfter;
  if (isNewest ? isLeafDue : isSeen || isLeafGone) {
    state = { ...state, leaf: makeLeaf(state.authority, names, now) };
    done.push(isNewest ? 'a new certificate' : 'a certificate by the new authority');
  }
  const previous = keptPrevious(state, names, now);
  if (previous.length < state.previous.length) {
    state = { ...state, previous };
    done.push('an authority whose certificates have all expired is no longer trusted');
  }
  return { state, changed: state !== before, renewAt: dueAt(state, names, now), done };
}

/**
 * An authority stays trusted until the last certificate it can have signed has expired: another replica may serve
 * that. Its key went when its successor came.
 */
function keptPrevious(state: CertificateState, names: readonly string[], now: number): string[] {
  const read = readNow(state, names);
  return state.previous.filter((_, i) => {
    const old = read.previous[i]!;
    const successor = i === 0 ? read.authority : read.previous[i - 1]!;
    return now < Math.min(createdAt(successor) + leafLife, old.notAfter);
  });
}

function dueAt(state: CertificateState, names: readonly string[], now: number): number {
  const { authority, leaf } = readNow(state, names);
  if (!isSignedBy(leaf, authority)) return Math.max(now + 5_000, createdAt(authority) + settling);
  return Math.min(twoThirds(leaf), twoThirds(authority));
}

function readNow(state: CertificateState, names: readonly string[]): ReadState {
  const read = readState(state, names);
  if (typeof read === 'string') throw new Error(`a state that was just made cannot be read: ${read}`);
  return read;
}

function createdAt({ notBefore }: { notBefore: number }): number {
  return notBefore + backdate;
}

function twoThirds({ notBefore, notAfter }: { notBefore: number; notAfter: number }): number {
  const made = notBefore + backdate;
  return made + ((notAfter - made) * 2) / 3;
}
