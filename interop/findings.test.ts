// Findings against osv-scanner's and govulncheck's on the same records: each difference is listed with the rule that
// decides it, and a listed one that is gone fails as well.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { differences } from './differences.ts';
import { imageOf } from './make.ts';
import { byOsvScanner, byOsvScannerOfSbom, byUs, compare } from './osvscanner.ts';
import { bin, data, peers, sh } from './peers.ts';
import { recipes } from './recipes.ts';
import { scanned } from './seaworthy.ts';

const sorted = (items: Iterable<string>) => [...new Set(items)].sort();

const least: Record<string, number> = {
  'debian-old': 20,
  alma: 20,
  azure: 20,
  node: 20,
  python: 20,
  java: 20,
  go: 20,
  rust: 20,
  dotnet: 20,
  'alpine-3.18.0': 20,
};

for (const name of [
  'debian',
  'debian-old',
  'alma',
  'node',
  'python',
  'java',
  'go',
  'rust',
  'dotnet',
  'alpine-3.18.0',
])
  test(`${name}: the findings are osv-scanner’s`, () => {
    const { layout } = imageOf(name);
    const ours = byUs(layout);
    const nuget = name === 'dotnet';
    const theirs = nuget ? byOsvScannerOfSbom(layout, name) : byOsvScanner(layout, name);
    const ofLanguage = ours.filter((key) => !/ (?:DEBIAN|DSA|DLA)-/.test(key));
    compare(name, nuget ? ofLanguage : ours, theirs, differences[name] ?? []);
    const counted = sorted(recipes[name]!.on.length > 0 ? ofLanguage : ours).length;
    assert.ok(counted >= (least[name] ?? 1), `expected at least ${least[name]} findings, got ${counted}`);
  });

test('azure: each package has the rows of the shared records that its version does not reach', () => {
  const { layout } = imageOf('azure');
  const result = scanned(`oci:${layout}`);
  // Every package was installed at 0.1-1.old, below any fix: all rows of its name must be there.
  const expected = JSON.parse(
    sh(`python3 - <<'PY'
import json, zipfile
found = []
archive = zipfile.ZipFile("${data}/osv/Azure Linux/all.zip")
for name in archive.namelist():
    try: record = json.loads(archive.read(name))
    except ValueError: continue
    for affected in record.get("affected") or []:
        if affected["package"]["ecosystem"] != "Azure Linux:3" or record.get("withdrawn"): continue
        events = [event for r in affected["ranges"] for event in r["events"]]
        if all(event.get("introduced", "0") == "0" for event in events): found.append([affected["package"]["name"], record["id"]])
print(json.dumps(found))
PY`),
  ) as [string, string][];
  const installed = new Set(result.packages.map(({ name }) => name));
  const wanted = expected.filter(([name]) => installed.has(name)).map(([name, id]) => `${name} ${id}`);
  assert.deepEqual(sorted(byUs(layout)), sorted(wanted));
  assert.ok(wanted.length >= 20);
});

for (const version of ['3.10.2', '3.16.2', '3.18.0'])
  test(`alpine ${version}: line by line what the shared data expects`, () => {
    const expected = readFileSync(join(data, `findings/alpine-${version}/expected.tsv`), 'utf8')
      .split('\n')
      .slice(1)
      .filter((line) => line !== '');
    const result = scanned(`oci:${imageOf(`alpine-${version}`).layout}`);
    const sources = new Map(
      result.packages.map((item) => [item.name, item.source ?? { name: item.name, version: item.version }]),
    );
    const found = result.findings.flatMap((finding) =>
      finding.advisories.map((advisory) => {
        const source = sources.get(finding.name)!;
        const fix = finding.fixedIn.find((entry) => entry.advisory === advisory) ?? finding.fixedIn[0];
        return [
          finding.name,
          finding.version,
          source.name,
          source.version,
          advisory,
          finding.id,
          fix?.version ?? '',
        ].join('\t');
      }),
    );
    assert.deepEqual(sorted(found), sorted(expected));
  });

test('go: the modules with findings are those of govulncheck on the same records', () => {
  const { layout, tree } = imageOf('go');
  const database = join(peers, 'govulndb');
  sh(`rm -rf "${database}"; mkdir -p "${database}/ID" "${database}/index"; python3 - <<'PY'
import json, zipfile
archive = zipfile.ZipFile("${data}/osv/Go/all.zip")
modules, vulns = {}, []
for name in archive.namelist():
    try: record = json.loads(archive.read(name))
    except ValueError: continue
    if not record["id"].startswith("GO-") or record.get("withdrawn"): continue
    record["affected"] = [a for a in record["affected"] if a["package"]["ecosystem"] == "Go"]
    json.dump(record, open("${database}/ID/" + record["id"] + ".json", "w"))
    vulns.append({"id": record["id"], "modified": record["modified"], "aliases": record.get("aliases") or []})
    for a in record["affected"]:
        fixed = [e["fixed"] for r in a.get("ranges", []) for e in r["events"] if "fixed" in e]
        modules.setdefault(a["package"]["name"], []).append({"id": record["id"], "modified": record["modified"], **({"fixed": fixed[-1]} if fixed else {})})
json.dump([{"path": path, "vulns": found} for path, found in sorted(modules.items())], open("${database}/index/modules.json", "w"))
json.dump(vulns, open("${database}/index/vulns.json", "w"))
json.dump({"modified": "2026-08-16T00:00:00Z"}, open("${database}/index/db.json", "w"))
PY`);
  const text = sh(
    `"${bin}/govulncheck" -mode=binary -scan=module -format json -db "file://${database}" "${tree}/usr/local/bin/app" || [ $? -eq 3 ]`,
  );
  const theirs: string[] = [];
  for (const message of text
    .split(/^(?=\{)/m)
    .map((part) => JSON.parse(part) as { finding?: { osv: string; trace: { module: string }[] } }))
    if (message.finding) theirs.push(`${message.finding.trace[0]!.module} ${message.finding.osv}`);
  const ours = byUs(layout).filter((key) => / GO-/.test(key));
  compare('govulncheck', ours, theirs, differences['govulncheck'] ?? []);
  assert.ok(theirs.length >= 20);
});
