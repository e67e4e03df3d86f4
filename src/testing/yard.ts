// Everything that a test of trust needs: a registry that can be watched and made to lie, a home, keys, pushed images.
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Clock, type Home, openHome } from '../core/index.ts';
import { digestOf, mediaTypes } from '../image/index.ts';
import { createClient, type HttpClient } from '../net/index.ts';
import { createRegistry } from '../registry/index.ts';
import { anonymous, copyImage, fromLayout, openRegistry, toRegistry } from '../transport/index.ts';
import {
  type Checker,
  createChecker,
  createVerifierThread,
  type ImagePolicy,
  parsePolicy,
  type ResolvedImage,
  resolveImage,
  signWithBundle,
  VerdictCache,
} from '../trust/index.ts';
import { localSigner, publicPem } from '../trust/key/index.ts';
import { attachStatement } from '../trust/sign.ts';
import { type LayoutEntry, type MadeImage, writeLayout } from './images.ts';
import { listenApp } from './listen.ts';

/** Answers in place of the registry, or does nothing. */
export type Meddler = (request: FastifyRequest, reply: FastifyReply) => unknown;

export interface Yard {
  host: string;
  home: Home;
  http: HttpClient;
  /** `METHOD PATH` of each request since it was last emptied. */
  requests: string[];
  /** Set to answer in place of the registry. */
  meddle(meddler: Meddler | undefined): void;
  push(repository: string, images: readonly MadeImage[], tag?: string): Promise<ResolvedImage>;
  resolve(reference: string): Promise<ResolvedImage>;
  sign(image: ResolvedImage, key: KeyObject): Promise<string>;
  attest(image: ResolvedImage, key: KeyObject, type: string, predicate: unknown): Promise<string>;
  checker(options?: { clock?: Clock; cache?: VerdictCache; credentialScope?: string }): Checker;
}

export interface YardOptions {
  /** False: a registry as it was before the referrers API. */
  referrers?: boolean;
}

export async function openYard(
  context: Pick<TestContext, 'after'>,
  options: YardOptions = {},
): Promise<Yard> {
  const app = createRegistry();
  const requests: string[] = [];
  let meddler: Meddler | undefined;
  app.addHook('onRequest', async (request, reply) => {
    requests.push(`${request.method} ${request.url}`);
    if (options.referrers === false && request.url.includes('/referrers/')) return reply.code(404).send();
    const answer = meddler?.(request, reply);
    if (answer !== undefined) return answer;
  });
  if (options.referrers === false)
    app.addHook('onSend', async (_request, reply, payload) => {
      reply.removeHeader('oci-subject');
      return payload;
    });
  const host = await listenApp(app, context);
  const dir = mkdtempSync(join(tmpdir(), 'seaworthy-yard-'));
  context.after(() => rmSync(dir, { recursive: true, force: true }));
  const http = createClient({ env: {} });
  context.after(() => http.close());
  const home = openHome(join(dir, 'home'), {});
  const place = { http, credentials: anonymous };
  const now = () => Date.now();
  return {
    host,
    home,
    http,
    requests,
    meddle(next) {
      meddler = next;
    },
    async push(repository, images, tag = 'v1') {
      const layout = mkdtempSync(join(dir, 'layout-'));
      const entry: LayoutEntry = { images, tag: 'x' };
      writeLayout(layout, [entry]);
      const registry = openRegistry(host, place);
      const digest = await copyImage(fromLayout(layout, 'x'), toRegistry(registry, repository), { tag });
      return resolveImage(`${host}/${repository}:${tag}@${digest}`, place);
    },
    resolve: (reference) => resolveImage(reference, place),
    sign: async (image, key) =>
      (await signWithBundle(image, { key: localSigner(key) }, { http }, now())).manifest,
    attest: async (image, key, type, predicate) =>
      (await attachStatement(image, type, predicate, { key: localSigner(key) }, { http }, now())).manifest,
    checker: ({ clock = { now: () => new Date() }, cache = new VerdictCache(), ...rest } = {}) =>
      createChecker({ ...place, home, clock, cache, verify: thread.verify, ...rest }),
  };
}

/** One for all yards of a test file. */
const thread = createVerifierThread();

export function newKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

/** A policy whose authorities are the keys given by name. */
export function policyWith(
  keys: Record<string, KeyObject>,
  spec: Record<string, unknown>,
): Promise<ImagePolicy> {
  const authorities = Object.entries(keys).map(([name, key]) => ({
    name,
    key: { keys: [{ pem: publicPem(localSigner(key).publicKey) }] },
  }));
  const document = {
    apiVersion: 'seaworthy.dev/v1alpha1',
    kind: 'ImagePolicy',
    metadata: { name: 'test' },
    spec: { authorities, ...spec },
  };
  return parsePolicy(JSON.stringify(document), 'policy.yaml', () => '');
}

/** A manifest that says it is about `subject`, with one layer. */
export function referrerOf(
  subject: { digest: string; mediaType: string; size: number },
  artifactType: string,
  payload: Uint8Array,
  layerType = artifactType,
) {
  const layer = { mediaType: layerType, digest: digestOf(payload), size: payload.byteLength };
  const empty = { mediaType: mediaTypes.ociEmpty, digest: digestOf(Buffer.from('{}')), size: 2 };
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      artifactType,
      config: empty,
      layers: [layer],
      subject,
    }),
  );
}
