import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFault } from '../core/index.ts';
import { extractors } from '../scan/inventory/index.ts';
import { orderOf } from '../scan/version/index.ts';
import { mutations } from './mutate.ts';
import { parsers } from './parsers.ts';

test('every extractor is in the list that fuzzing goes by, with something to damage', () => {
  for (const { name } of extractors)
    assert.ok(
      Object.keys(parsers).some((parser) => parser.startsWith(`inventory/${name} `)),
      name,
    );
});

test('every version order is in the list that fuzzing goes by', () => {
  const fuzzed = Object.keys(parsers)
    .filter((name) => name.startsWith('version/'))
    .map((name) => orderOf(name.slice('version/'.length)));
  for (const ecosystem of ['Ubuntu', 'Wolfi', 'SUSE', 'npm', 'crates.io', 'PyPI', 'Maven', 'Go', 'NuGet'])
    assert.ok(fuzzed.includes(orderOf(ecosystem)), ecosystem);
});

for (const [name, { corpus, parse }] of Object.entries(parsers))
  test(`${name}: whole samples are read, and damaged ones end in an answer or a Fault`, async () => {
    for (const sample of corpus()) {
      await parse(Buffer.from(sample));
      for (const bytes of mutations(sample, 7, 60))
        try {
          await parse(bytes);
        } catch (error) {
          assert.ok(isFault(error), String(error));
        }
    }
  });
