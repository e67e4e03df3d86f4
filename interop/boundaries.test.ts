// Packages exactly at, just below and just above real fixes: dpkg, rpm and osv-scanner say which flaws are left.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { boundaries } from './boundaries.ts';
import { layerOf, layoutOf } from './images.ts';
import { byOsvScanner, byUs, compare } from './osvscanner.ts';
import { data, peers, sh } from './peers.ts';
import { scanned } from './seaworthy.ts';

const sorted = (items: Iterable<string>) => [...new Set(items)].sort();
const lines = (text: string) => text.split('\n').filter((line) => line !== '');

function made(name: string): { layout: string; tree: string } {
  const layer = layerOf(name, boundaries);
  return { layout: layoutOf(`image-${name}`, [layer]), tree: layer.tree };
}

interface Row {
  name: string;
  id: string;
  introduced: string;
  fixed?: string;
  last_affected?: string;
}

/** Every range of an ecosystem's records that are not withdrawn. */
function rowsOf(feed: string, ecosystem: string): Row[] {
  return JSON.parse(
    sh(`python3 - <<'PY'
import json, zipfile
rows = []
archive = zipfile.ZipFile("${data}/osv/${feed}/all.zip")
for name in archive.namelist():
    try: record = json.loads(archive.read(name))
    except ValueError: continue
    if record.get("withdrawn"): continue
    for affected in record.get("affected") or []:
        if affected["package"]["ecosystem"] != "${ecosystem}": continue
        for events in (r["events"] for r in affected["ranges"]):
            row = {"name": affected["package"]["name"], "id": record["id"]}
            for event in events: row.update(event)
            rows.append(row)
print(json.dumps(rows))
PY`),
  ) as Row[];
}

test('debian: what is left of each flaw is what osv-scanner says is left', () => {
  const { layout, tree } = made('debian-boundaries');
  const ours = byUs(layout);
  compare('debian-boundaries', ours, byOsvScanner(layout, 'debian-boundaries'), []);
  assert.ok(sorted(ours).length >= 1000);
  const format = '$' + '{Package} $' + '{Version} $' + '{source:Package} $' + '{source:Version}\\n';
  assert.deepEqual(
    sorted(
      scanned(`oci:${layout}`).packages.map(
        ({ name, version, source }) =>
          `${name} ${version} ${source?.name ?? name} ${source?.version ?? version}`,
      ),
    ),
    sorted(lines(sh(`dpkg-query --admindir="${tree}/var/lib/dpkg" -W -f '${format}'`))),
  );
});

test('alma: what is left of each flaw is what osv-scanner says is left, modules and bug-fix errata apart', () => {
  const { layout } = made('alma-boundaries');
  const modular = new Set(
    rowsOf('AlmaLinux', 'AlmaLinux:9')
      .filter(({ fixed }) => /\.module_el/.test(fixed ?? ''))
      .map(({ name, id }) => `${name} ${id}`),
  );
  compare('alma-boundaries', byUs(layout), byOsvScanner(layout, 'alma-boundaries'), [
    {
      who: 'them',
      fits: (key) => / AL[BE]A-/.test(key),
      why: 'bug-fix and enhancement errata are no findings',
    },
    {
      who: 'them',
      fits: (key) => modular.has(key),
      why: 'the fix was built in a module, and the package carries no module label: it is of another build',
    },
  ]);
});

test('azure: what is left of each flaw is what rpm’s own comparison leaves', () => {
  const { layout, tree } = made('azure-boundaries');
  const installed = new Map(
    lines(
      sh(
        `rpm --root "${tree}" --dbpath /var/lib/rpm -qa --qf '%{NAME} %{EPOCHNUM}:%{VERSION}-%{RELEASE}\\n'`,
      ),
    ).map((line) => line.split(' ') as [string, string]),
  );
  const rows = rowsOf('Azure Linux', 'Azure Linux:3').filter(({ name }) => installed.has(name));
  // one record says `0: 1.20.10-1.azl3`
  const written = (version: string) => version.replaceAll(' ', '');
  const withEpoch = (version: string) => (/^\d+:/.test(version) ? written(version) : `0:${version}`);
  const file = join(peers, 'azure-pairs');
  writeFileSync(
    file,
    rows
      .map(({ name, introduced, fixed, last_affected: last }) =>
        [installed.get(name), withEpoch(introduced), withEpoch(fixed ?? last!)].join(' '),
      )
      .join('\n'),
  );
  const said = lines(
    sh(
      `rpm --eval '%{lua: for line in io.lines("${file}") do local a, from, to = line:match("([^ ]+) ([^ ]+) ([^ ]+)"); a = rpm.ver(a); print(tostring(a >= rpm.ver(from)), tostring(a < rpm.ver(to)), tostring(a == rpm.ver(to)), "\\n") end}'`,
    ),
  );
  assert.equal(said.length, rows.length);
  const expected = rows.filter(({ introduced, last_affected: last }, i) => {
    const [from, below, at] = said[i]!.split(/\s+/).map((word) => word === 'true');
    return (introduced === '0' || from) && (below || (last !== undefined && at));
  });
  assert.deepEqual(sorted(byUs(layout)), sorted(expected.map(({ name, id }) => `${name} ${id}`)));
  assert.ok(expected.length >= 100);
  assert.ok(expected.length < rows.length, 'some flaws are fixed');
});
