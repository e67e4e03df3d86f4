// What every route of the registry works on.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Limits } from '../core/index.ts';
import type { BlobStore } from '../store/index.ts';
import type { AccessAnswer, Action } from './access.ts';
import type { Catalogue, StoredManifest } from './catalogue.ts';
import { Refusal } from './errors.ts';
import type { Uploads } from './uploads.ts';

export type GateAnswer = { allow: true } | { allow: false; reason: string };

/** Asked before a manifest is given out. */
export type Gate = (repository: string, manifest: StoredManifest) => GateAnswer | Promise<GateAnswer>;

export interface Context {
  catalogue: Catalogue;
  blobs: BlobStore;
  /** One at a time for each digest: a blob is not deleted between being kept and being linked. */
  alone<T>(digest: string, work: () => Promise<T>): Promise<T>;
  uploads: Uploads;
  gate: Gate;
  changed(change: RegistryChange): void;
  /** Whether the request may; throws Refusal 401 or 403 when it may not. */
  require(request: FastifyRequest, action: Action, repository?: string): Promise<void>;
  may(request: FastifyRequest, action: Action, repository: string): Promise<AccessAnswer>;
  limits: Pick<Limits, 'manifestBytes' | 'layerBytes'>;
  /** Bytes that a chunk must have but for the last. */
  chunkMinBytes: number | undefined;
}

/** What changed in the registry, told after it is kept. */
export interface RegistryChange {
  action: 'push' | 'delete';
  repository: string;
  digest?: string;
  /** Those that were set or taken away. */
  tags: readonly string[];
  mediaType?: string;
  /** Digest of what a signature or an attestation is about. */
  subject?: string;
}

export interface Exchange {
  request: FastifyRequest;
  reply: FastifyReply;
  repository: string;
  /** Behind `manifests/`, `blobs/`, … */
  rest: string;
}

export type Handler = (context: Context, exchange: Exchange) => Promise<unknown>;

/** The body as it arrives; bounded by whoever reads it. */
export function bodyOf(request: FastifyRequest): AsyncIterable<Uint8Array> {
  // a refusal must still be answered: leaving the loop early may not close the connection
  return request.raw.iterator({ destroyOnReturn: false });
}

/** A single query parameter. Throws Refusal for one given twice. */
export function queryOf(request: FastifyRequest, name: string): string | undefined {
  const value = (request.query as Record<string, unknown>)[name];
  if (value === undefined || typeof value === 'string') return value;
  throw new Refusal(400, 'UNSUPPORTED', `expected ${name} once, got it several times`);
}
