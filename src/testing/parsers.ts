// Every parser of strangers' bytes with a corpus to damage: the list that fuzzing goes by.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { bufferSource, defaultLimits, fixedClock, parseJson, readZip } from '../core/index.ts';
import {
  parseConfig,
  parseDigest,
  parseManifest,
  parsePlatform,
  parseReference,
  readLayer,
} from '../image/index.ts';
import type { HttpResponse } from '../net/index.ts';
import { parseEpss, parseKev, parseModifiedCsv, parseOsvRecord } from '../scan/advisory/index.ts';
import { decodeResult, encodeResult, extractors } from '../scan/inventory/index.ts';
import { parseOpenVex, parseSuppressions } from '../scan/match/index.ts';
import { parsePurl } from '../scan/package/index.ts';
import { cycloneDx, parseSbom, spdx } from '../scan/sbom/index.ts';
import { compareVersions, orderOf } from '../scan/version/index.ts';
import { anonymous, fileCredentials, listTags, openRegistry } from '../transport/index.ts';
import { directoryLayout } from '../transport/local/index.ts';
import { readIndex } from '../transport/local/layout.ts';
import { readSavedImages } from '../transport/local/saved.ts';
import { indexTar } from '../transport/local/tarindex.ts';
import { parseChallenges } from '../transport/remote/challenge.ts';
import { parseToken } from '../transport/remote/token.ts';
import { admissionParsers } from './admissioncorpus.ts';
import { certificateParsers } from './certificatecorpus.ts';
import { testRecord } from './feeds.ts';
import { makeImage, makeTar } from './images.ts';
import { debian12, inventoryOf, packageOf } from './inventories.ts';
import { inventoryCorpus } from './inventorycorpus.ts';
import { lineageParsers } from './lineagecorpus.ts';
import { notationParsers } from './notationcorpus.ts';
import { openBuffer } from './openfile.ts';
import { pipelineParsers } from './pipelinecorpus.ts';
import { policyParsers } from './policycorpus.ts';
import { rolloutParsers } from './rolloutcorpus.ts';
import { sigstoreParsers } from './sigstorecorpus.ts';
import { zipOf } from './ziparchive.ts';

export interface FuzzedParser {
  corpus(): Buffer[];
  parse(bytes: Buffer): unknown;
}

const text = (bytes: Buffer) => bytes.toString('utf8');
const texts =
  (...samples: string[]) =>
  () =>
    samples.map((sample) => Buffer.from(sample));
const json = (value: unknown) => Buffer.from(JSON.stringify(value));

const image = makeImage({ labels: { a: 'b' }, annotations: { c: 'd' } });
const tar = makeTar([
  { path: 'etc/os-release', data: 'ID=debian\n' },
  { path: '././@LongLink', type: 'L', data: 'a/long/name\0' },
  { path: 'x', data: 'y'.repeat(900) },
  { path: 'p', type: 'x', data: '16 path=hello/b\n' },
  { path: 'l', type: '2', linkname: 'x' },
]);
const ignore = { entry: () => true, data() {}, end() {} };
const inventory = inventoryOf(debian12, [
  packageOf('deb', 'zlib1g', '1:1.2.13', { source: { name: 'zlib', version: '1:1.2.13' } }),
  packageOf('npm', 'x', '1.0.0', { namespace: '@a' }),
]);
const subject = { reference: 'example.com/a:1', digest: `sha256:${'a'.repeat(64)}`, inventory };
const now = new Date('2026-01-01T00:00:00Z');

async function* once(bytes: Buffer) {
  yield bytes;
}

/** Headers damaged behind the checksum's back: every block that says `ustar` gets the right one. */
function mended(archive: Buffer): Buffer {
  const bytes = Buffer.from(archive);
  for (let at = 0; at + 512 <= bytes.length; at += 512) {
    if (bytes.toString('latin1', at + 257, at + 262) !== 'ustar') continue;
    bytes.write('        ', at + 148);
    const sum = bytes.subarray(at, at + 512).reduce((total, byte) => total + byte, 0);
    bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148);
  }
  return bytes;
}

const folder = () => mkdtempSync(join(tmpdir(), 'seaworthy-fuzz-'));
let scratch: string | undefined;

function scratchFile(name: string, bytes: Buffer): string {
  if (scratch === undefined) {
    const made = folder();
    process.once('exit', () => rmSync(made, { recursive: true, force: true }));
    scratch = made;
  }
  const file = join(scratch, name);
  writeFileSync(file, bytes);
  return file;
}

const versionSamples: Record<string, string[]> = {
  Debian: ['1:2.3.4-5+deb12u1~bpo1'],
  AlmaLinux: ['2:4.9.4-0.1.el9^git1~rc2'],
  Alpine: ['1.2.3a_rc1_p2-r10~abc'],
  npm: ['1.2.3-alpha.1+build'],
  'crates.io': ['1.2.3-alpha.1+build'],
  PyPI: ['1!2.3.post4.dev5+local.6'],
  Maven: ['1.0-alpha-2-SNAPSHOT', '2.13.4.2'],
  Go: ['v1.2.3-0.20200101000000-abcdefabcdef', 'go1.22rc1'],
  NuGet: ['1.2.3.4-Beta.1+x'],
};

const resultBytes = encodeResult({
  digest: 'sha256:a',
  diffId: 'sha256:b',
  size: 1,
  bytes: 2,
  entries: 3,
  files: [
    {
      path: 'a',
      by: ['dpkg'],
      packages: [{ type: 'deb', name: 'a', version: '1' }],
      owned: [{ owner: 'a', hashes: new Float64Array([1, 2]) }],
    },
  ],
  whiteouts: ['x'],
  opaques: [],
  links: [['lib', 'usr/lib']],
  touchedFiles: new Float64Array([1]),
  touchedDirectories: new Float64Array([2]),
  executables: ['bin/sh'],
  facts: { databases: [], linker: [], elf: [] },
  undecided: [],
});

/** What a registry answers, with a damaged header or body. */
function answer(body: string, headers: Record<string, string> = {}): HttpResponse {
  const bytes = async () => Buffer.from(body);
  return {
    status: 200,
    url: new URL('http://127.0.0.1/v2/'),
    header: (name) => headers[name],
    body: once(Buffer.from(body)),
    bytes,
    text: async () => body,
    json: async () => parseJson(body),
    discard: async () => {},
  };
}

/** By name; extractors are `inventory/NAME FILE`, version orders `version/ECOSYSTEM`. */
export const parsers: Record<string, FuzzedParser> = {
  tar: { corpus: () => [tar], parse: (bytes) => readLayer(once(bytes), ignore) },
  'tar-with-checksums': { corpus: () => [tar], parse: (bytes) => readLayer(once(mended(bytes)), ignore) },
  layer: {
    corpus: () => [gzipSync(tar), zstdCompressSync(tar)],
    parse: (bytes) => readLayer(once(bytes), ignore),
  },
  'tar-index': {
    corpus: () => [tar],
    parse: async (bytes) => {
      const file = await open(scratchFile('a.tar', bytes));
      try {
        await indexTar(file, bytes.length);
      } finally {
        await file.close();
      }
    },
  },
  'layout-index': {
    corpus: () => [json({ schemaVersion: 2, manifests: [image.descriptor] })],
    parse(bytes) {
      scratchFile('oci-layout', Buffer.from('{"imageLayoutVersion":"1.0.0"}'));
      scratchFile('index.json', bytes);
      return readIndex(directoryLayout(scratch!));
    },
  },
  'saved-manifest': {
    corpus: () => [
      json([{ Config: 'a.json', RepoTags: ['a:latest'], Layers: ['b/layer.tar', 'c/layer.tar'] }]),
    ],
    parse(bytes) {
      scratchFile('manifest.json', bytes);
      return readSavedImages(directoryLayout(scratch!));
    },
  },
  token: {
    corpus: () => [json({ token: 'abc', access_token: 'def', expires_in: 300 })],
    parse: (bytes) =>
      parseToken(
        answer(text(bytes)),
        new URL('https://auth.example.com/'),
        fixedClock('2026-01-01T00:00:00Z'),
      ),
  },
  link: {
    corpus: texts('</v2/a/tags/list?n=2&last=b>; rel="next"'),
    async parse(bytes) {
      let asked = 0;
      const send = async () =>
        answer('{"name":"a","tags":["x"]}', asked++ === 0 ? { link: text(bytes) } : {});
      const http = { request: send, close: async () => {} };
      await listTags({ ...openRegistry('127.0.0.1:5000', { http, credentials: anonymous }), send }, 'a');
    },
  },
  manifest: {
    corpus: () => [image.bytes, json({ schemaVersion: 2, manifests: [image.descriptor] })],
    parse: (bytes) => parseManifest(bytes),
  },
  config: { corpus: () => [image.config], parse: (bytes) => parseConfig(bytes) },
  reference: {
    corpus: texts('registry.example.com:5000/team/app:v1.2@sha256:'.concat('a'.repeat(64)), '[::1]:5000/a'),
    parse: (bytes) => parseReference(text(bytes)),
  },
  digest: { corpus: texts(`sha256:${'a'.repeat(64)}`), parse: (bytes) => parseDigest(text(bytes)) },
  platform: {
    corpus: texts('linux/arm64/v8', 'windows/amd64'),
    parse: (bytes) => parsePlatform(text(bytes)),
  },
  challenge: {
    corpus: texts(
      'Bearer realm="https://auth.example.com/token",service="x",scope="repository:a:pull", Basic realm="y"',
    ),
    parse: (bytes) => parseChallenges(text(bytes)),
  },
  credentials: {
    corpus: () => [
      json({
        auths: { 'example.com': { auth: 'YTpi' }, 'b.example.com': { identitytoken: 't' } },
        credHelpers: {},
      }),
    ],
    parse: (bytes) => {
      scratchFile('config.json', bytes);
      return fileCredentials({ DOCKER_CONFIG: scratch }, scratch)('example.com');
    },
  },
  json: {
    corpus: () => [json({ a: [1, { b: 'c\\"' }], d: null })],
    parse: (bytes) => parseJson(text(bytes)),
  },
  zip: {
    corpus: () => [
      zipOf([
        { path: 'a', bytes: 'hello'.repeat(50) },
        { path: 'b/c', bytes: '' },
      ]),
    ],
    parse: (bytes) => {
      for (const entry of readZip(bufferSource(bytes), defaultLimits)) entry.inflate(1 << 20);
    },
  },
  'osv-record': {
    corpus: () => [
      json(
        testRecord('A-1', 'npm', 'x', '1.0.0', {
          aliases: ['CVE-2024-0001'],
          severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }],
        }),
      ),
    ],
    parse: (bytes) => parseOsvRecord(text(bytes), 'A-1'),
  },
  'modified-csv': {
    corpus: texts('2026-01-01T00:00:00Z,A-1\n2026-01-02T00:00:00Z,A-2\n'),
    parse: (bytes) => parseModifiedCsv(text(bytes)),
  },
  epss: {
    corpus: texts(
      '#model_version:v1,score_date:2026-01-01T00:00:00Z\ncve,epss,percentile\nCVE-2024-0001,0.5,0.9\n',
    ),
    parse: (bytes) => parseEpss(text(bytes)),
  },
  kev: {
    corpus: () => [
      json({
        dateReleased: '2026-01-01T00:00:00Z',
        vulnerabilities: [{ cveID: 'CVE-2024-0001', dateAdded: '2024-01-01' }],
      }),
    ],
    parse: (bytes) => parseKev(text(bytes)),
  },
  sbom: {
    corpus: () => [json(cycloneDx(subject, now)), json(spdx(subject, now))],
    parse: (bytes) => parseSbom(bytes, 'a.json', defaultLimits),
  },
  openvex: {
    corpus: () => [
      json({
        '@context': 'https://openvex.dev/ns/v0.2.0',
        author: 'a',
        timestamp: '2026-01-01T00:00:00Z',
        statements: [
          {
            vulnerability: { name: 'CVE-2024-0001' },
            products: [{ '@id': 'pkg:npm/x@1.0.0' }],
            status: 'not_affected',
            justification: 'component_not_present',
          },
        ],
      }),
    ],
    parse: (bytes) => parseOpenVex(text(bytes), 'a.json'),
  },
  suppressions: {
    corpus: texts(
      'suppressions:\n  - id: CVE-2024-0001\n    purl: pkg:npm/x\n    kind: accepted\n    reason: r\n    author: a\n    expires: 2027-01-01\n',
    ),
    parse: (bytes) => parseSuppressions(text(bytes), 'a.yaml'),
  },
  purl: {
    corpus: texts('pkg:deb/debian/a%2Bb@1%3A2?arch=amd64&distro=debian-12#x/y'),
    parse: (bytes) => parsePurl(text(bytes)),
  },
  ...certificateParsers,
  ...sigstoreParsers,
  ...notationParsers,
  ...policyParsers,
  ...admissionParsers,
  ...rolloutParsers,
  ...lineageParsers,
  ...pipelineParsers,
  'layer-result': { corpus: () => [resultBytes], parse: (bytes) => decodeResult(bytes) },
  ...Object.fromEntries(
    inventoryCorpus().map((sample) => [
      `inventory/${sample.extractor} ${sample.path.slice(sample.path.lastIndexOf('/') + 1)}`,
      {
        corpus: () => [sample.bytes],
        parse: (bytes: Buffer) =>
          extractors
            .find(({ name }) => name === sample.extractor)!
            .extract(openBuffer(sample.path, bytes, 0o755), { limits: defaultLimits }),
      },
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(versionSamples).map(([ecosystem, samples]) => [
      `version/${ecosystem}`,
      {
        corpus: texts(...samples),
        parse: (bytes: Buffer) => compareVersions(orderOf(ecosystem)!, text(bytes), samples[0]!),
      },
    ]),
  ),
};
