// Bases and applications of real bytes for tests of rebases: Debian, Alpine, libraries, programs.
import { Readable } from 'node:stream';
import { defaultLimits } from '../core/index.ts';
import { type JsonObject, parseConfig, parseManifest } from '../image/index.ts';
import type { RebaseBase, RebaseImage, RebaseInput } from '../renewal/rebase/index.ts';
import { viewBase } from '../renewal/rebase/index.ts';
import type { LayerResult } from '../scan/inventory/index.ts';
import { readLayerResult } from '../scan/inventory/readlayer.ts';
import { elfFile } from './elffile.ts';
import { type MadeImage, type MakeImageOptions, makeImage, type TarFile } from './images.ts';

export interface BaseOptions {
  /** VERSION_ID. */
  release?: string;
  id?: string;
  /** dpkg's packages by name. */
  packages?: Record<string, string>;
  /** Sonames of libraries in usr/lib. */
  libraries?: readonly string[];
  files?: readonly TarFile[];
}

/** One layer of a Debian: os-release, a package database, libraries, accounts, a CA bundle. */
export function debianLayer({ release = '12', id = 'debian', ...options }: BaseOptions = {}): TarFile[] {
  const packages = { libc6: '2.36-9+deb12u4', openssl: '3.0.11-1', ...options.packages };
  const status = Object.entries(packages)
    .map(
      ([name, version]) =>
        `Package: ${name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: ${version}\n`,
    )
    .join('\n');
  const libraries = ['libc.so.6', 'libssl.so.3', ...(options.libraries ?? [])];
  return [
    { path: 'etc/os-release', data: `ID=${id}\nVERSION_ID="${release}"\nPRETTY_NAME="${id} ${release}"\n` },
    { path: 'etc/passwd', data: 'root:x:0:0::/root:/bin/sh\n' },
    { path: 'etc/ssl/certs/ca-certificates.crt', data: `certificates of ${release}` },
    { path: 'etc/motd', data: 'welcome' },
    { path: 'var/lib/dpkg/status', data: status },
    ...libraries.map((soname) => ({ path: `usr/lib/${soname}`, data: elfFile({ soname }) })),
    { path: 'lib64', type: '2', linkname: 'usr/lib' },
    { path: 'usr/lib/ld-linux-x86-64.so.2', data: elfFile({ soname: 'ld-linux-x86-64.so.2' }) },
    ...(options.files ?? []),
  ];
}

/** A program that is linked against what it says it needs. */
export function linkedProgram(path: string, ...needed: string[]): TarFile {
  return { path, data: elfFile({ needed, interpreter: '/lib64/ld-linux-x86-64.so.2' }), mode: 0o755 };
}

export function documentsOf(image: MadeImage): RebaseImage {
  return {
    manifest: manifestOf(image),
    manifestDocument: JSON.parse(image.bytes.toString()) as JsonObject,
    config: parseConfig(image.config),
    configDocument: JSON.parse(image.config.toString()) as JsonObject,
  };
}

function manifestOf(image: MadeImage) {
  const manifest = parseManifest(image.bytes);
  if (manifest.kind !== 'manifest') throw new Error('expected a manifest');
  return manifest;
}

export async function layersOf(image: MadeImage): Promise<LayerResult[]> {
  const results: LayerResult[] = [];
  for (const { digest } of manifestOf(image).layers) {
    const bytes = image.blobs.get(digest);
    if (bytes === undefined) throw new Error(`no blob ${digest}`);
    results.push(
      await readLayerResult(digest, Readable.from([bytes]), {
        limits: defaultLimits,
        spoolDir: () => '/nowhere',
      }),
    );
  }
  return results;
}

export async function baseOf(image: MadeImage): Promise<RebaseBase> {
  const documents = documentsOf(image);
  return { ...documents, view: viewBase(await layersOf(image), documents.config) };
}

/** What a rebase of `app` from `oldBase` to `newBase` is asked with; the policy permits it unless told otherwise. */
export async function inputOf(
  app: MadeImage,
  oldBase: MadeImage,
  newBase: MadeImage,
  more: Pick<RebaseInput, 'permitted' | 'linked'> = { permitted: true },
): Promise<RebaseInput> {
  return {
    app: { ...documentsOf(app), upper: (await layersOf(app)).slice(oldBase.diffIds.length) },
    oldBase: await baseOf(oldBase),
    newBase: await baseOf(newBase),
    ...more,
  };
}

/** An application on a base: the base's layers, byte for byte, and its own on top. */
export function makeApp(
  baseLayers: readonly (readonly TarFile[])[],
  own: readonly (readonly TarFile[])[],
  options: Omit<MakeImageOptions, 'layers'> = {},
): MadeImage {
  return makeImage({ ...options, layers: [...baseLayers, ...own] });
}
