import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { defaultLimits, isFault } from '../../core/index.ts';
import { inventoryCorpus } from '../../testing/inventorycorpus.ts';
import { mutations } from '../../testing/mutate.ts';
import { openBuffer } from '../../testing/openfile.ts';
import type { Extractor, OpenFile } from './extractor.ts';
import { analyserVersion, extractors } from './extractors.ts';

const context = { limits: defaultLimits };
const corpus = inventoryCorpus();

test('every extractor has a name of its own, a version and a file in the corpus', () => {
  const names = extractors.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  assert.deepEqual(
    names.filter((name) => !corpus.some(({ extractor }) => extractor === name)),
    [],
  );
  assert.ok(extractors.every(({ version }) => Number.isInteger(version) && version > 0));
  assert.match(analyserVersion, /^[0-9a-f]{12}$/);
});

for (const { extractor: name, path, bytes, packages } of corpus) {
  const extractor = extractors.find((each) => each.name === name)!;
  describe(`${name} on ${path}`, () => {
    test('wants the file and finds what is in it, without complaint', () => {
      const file = openBuffer(path, bytes);
      assert.ok(extractor.wants(file));
      const found = extractor.extract(file, context);
      assert.equal(found.packages?.length ?? 0, packages);
      assert.deepEqual(found.undecided ?? [], []);
    });

    test('survives damage: a Fault or an Extraction of bounded size', () => {
      let damaged = 0;
      for (const copy of mutations(bytes, 0xc0ffee, 200))
        if (!survives(extractor, openBuffer(path, copy))) damaged++;
      assert.ok(damaged < 200, 'expected some copies to be readable');
    });

    test('is cut off anywhere: a Fault or an Extraction', () => {
      const step = Math.max(1, Math.floor(bytes.length / 150));
      for (let length = 0; length < bytes.length; length += step)
        survives(extractor, openBuffer(path, bytes.subarray(0, length)));
    });
  });
}

test('files of garbage under every wanted name are a Fault or nothing, never packages', () => {
  const garbage = Buffer.from(Array.from({ length: 5000 }, (_, n) => (n * 7919) % 251));
  for (const { extractor: name, path } of corpus) {
    const extractor = extractors.find((each) => each.name === name)!;
    for (const bytes of [garbage, Buffer.alloc(0), Buffer.alloc(4096), Buffer.alloc(300, '[')]) {
      try {
        assert.deepEqual(extractor.extract(openBuffer(path, bytes), context).packages ?? [], [], path);
      } catch (error) {
        if (!isFault(error)) throw error;
      }
    }
  }
});

/** Whether it could be read; throws what is neither an answer nor a Fault. */
function survives(extractor: Extractor, file: OpenFile): boolean {
  try {
    const found = extractor.extract(file, context);
    assert.ok((found.packages?.length ?? 0) <= file.size);
    assert.ok((found.undecided?.length ?? 0) <= 2);
    return true;
  } catch (error) {
    if (!isFault(error)) throw error;
    assert.ok(error.message.length < 1000);
    return false;
  }
}
