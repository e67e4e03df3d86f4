// What we write, by the validators of those who own the formats; and SBOMs of ours and of syft, read back.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { imageOf } from './make.ts';
import { bin, peers, sh } from './peers.ts';
import { scanned, seaworthy } from './seaworthy.ts';

const work = mkdtempSync(join(tmpdir(), 'seaworthy-outputs-'));
after(() => rmSync(work, { recursive: true, force: true }));
const images = ['node', 'java', 'go', 'debian-old', 'alma'] as const;
/** The multitool stands still for minutes on files past some 150 kB: small images with findings, fixes and undecided. */
const small = ['alpine-3.18.0', 'dotnet'] as const;

function written(name: string, command: 'scan' | 'sbom', format: string): string {
  const file = join(work, `${name}-${command}.${format}.json`);
  const ran = seaworthy(command, `oci:${imageOf(name).layout}`, '--format', format, '--output', file);
  assert.ok(ran.code === 0 || ran.code === 3, ran.stderr);
  return file;
}

test('SARIF passes the multitool of its makers, without an error or a warning of its rules', () => {
  for (const name of small) {
    const file = written(name, 'scan', 'sarif');
    const report = join(work, `${name}-validated.sarif`);
    sh(
      `for try in 1 2 3; do timeout 60 "${peers}/validators/node_modules/.bin/sarif-multitool" validate "${file}" --output "${report}" --log ForceOverwrite >&2 && break; done`,
      { DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: '1' },
    );
    const results = (
      JSON.parse(sh(`cat "${report}"`)) as {
        runs: { results?: { ruleId: string; level?: string; message: unknown }[] }[];
      }
    ).runs.flatMap((run) => run.results ?? []);
    assert.deepEqual(results.slice(0, 5), [], name);
  }
});

test('CycloneDX passes the strict validator of its Python library, inventories and findings alike', () => {
  for (const name of images)
    for (const file of [written(name, 'scan', 'cyclonedx'), written(name, 'sbom', 'cyclonedx')])
      sh(`"${peers}/validators/bin/python" - "${file}" <<'PY'
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(sys.argv[1]).read())
if error: sys.exit(f"{sys.argv[1]}: {str(error)[:2000]}")
PY`);
});

test('SPDX passes the tools of the SPDX project', () => {
  for (const name of images)
    for (const file of [written(name, 'scan', 'spdx'), written(name, 'sbom', 'spdx')])
      sh(`"${peers}/validators/bin/python" - "${file}" <<'PY'
import sys
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document
messages = validate_full_spdx_document(parse_file(sys.argv[1]))
if messages: sys.exit("\\n".join(m.validation_message for m in messages[:10]))
PY`);
});

for (const name of ['node', 'java', 'go', 'debian-old', 'alma', 'python', 'rust', 'alpine-3.18.0'])
  test(`${name}: an SBOM of ours gives the findings of the image`, () => {
    const image = scanned(`oci:${imageOf(name).layout}`);
    for (const format of ['cyclonedx', 'spdx']) {
      const sbom = scanned(`sbom:${written(name, 'sbom', format)}`);
      assert.deepEqual(sbom.findings, image.findings, format);
      assert.deepEqual(sbom.undecided, image.undecided, format);
    }
  });

/** Findings that syft's SBOM loses or wins, and why. */
interface Listed {
  lost?: RegExp;
  won?: RegExp;
  why?: string;
}

const differencesOfSyft: Record<string, Listed> = {
  node: {
    won: /^@babel\/runtime CVE-2025-27789$/,
    why: 'syft lists what next carries compiled in its own folder (next/dist/compiled): no package that npm installed',
  },
  java: {},
  go: {},
  'debian-old': {},
  alma: {},
  'alpine-3.18.0': {},
};

for (const [name, { lost, won }] of Object.entries(differencesOfSyft))
  test(`${name}: syft’s SBOMs give the findings of the image, but for what is listed`, () => {
    const { layout } = imageOf(name);
    const keys = (target: string) =>
      new Set(scanned(target).findings.map((finding) => `${finding.name} ${finding.id}`));
    const image = keys(`oci:${layout}`);
    for (const format of ['cyclonedx-json', 'spdx-json']) {
      const file = join(work, `${name}.${format}`);
      writeFileSync(file, sh(`"${bin}/syft" scan -q "oci-dir:${layout}" -o ${format}`));
      const sbom = keys(`sbom:${file}`);
      assert.deepEqual(
        [...image].filter((key) => !sbom.has(key) && !lost?.test(key)).slice(0, 10),
        [],
        `${format}: lost`,
      );
      assert.deepEqual(
        [...sbom].filter((key) => !image.has(key) && !won?.test(key)).slice(0, 10),
        [],
        `${format}: won`,
      );
    }
  });
