import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { imagePolicyDocument } from '../../trust/policy/document.ts';
import { customResources } from './crd.ts';
import { type Structural, structural } from './structural.ts';

async function specOf(kind: string): Promise<Structural> {
  const found = (await customResources()).find(({ metadata }) => metadata.name === `${kind}.seaworthy.dev`);
  const { versions } = found!.spec as { versions: { schema: { openAPIV3Schema: Structural } }[] };
  return versions[0]!.schema.openAPIV3Schema.properties!['spec']!;
}

function* fields(schema: Structural, path: string): Generator<[string, Structural]> {
  if (schema.items !== undefined) yield* fields(schema.items, `${path}[]`);
  for (const [key, value] of Object.entries(schema.properties ?? {})) {
    yield [`${path}.${key}`, value];
    yield* fields(value, `${path}.${key}`);
  }
}

describe('custom resources', () => {
  it('have every key of the policy’s document, but those that name files', async () => {
    const spec = await specOf('imagepolicies');
    assert.deepEqual(Object.keys(spec.properties!), Object.keys(imagePolicyDocument.shape.spec.shape));
    const paths = [...fields(spec, 'spec')].map(([path]) => path);
    assert.ok(paths.includes('spec.authorities[].key.keys[].pem'));
    assert.ok(paths.includes('spec.roots[].json'));
    assert.deepEqual(
      paths.filter((path) => /\.files?$/.test(path)),
      [],
    );
  });

  it('explain every field to kubectl explain', async () => {
    for (const kind of [
      'imagepolicies',
      'imageexceptions',
      'imageverdicts',
      'workloadimages',
      'keptpolicies',
    ])
      for (const [path, { description }] of fields(await specOf(kind), `${kind}.spec`))
        assert.ok(description !== undefined && description.length > 2, path);
  });

  it('leave the shape open only where text or a list may stand', async () => {
    const open = [...fields(await specOf('imagepolicies'), 'spec')].filter(([, value]) =>
      JSON.stringify(value.additionalProperties ?? value).startsWith(
        '{"x-kubernetes-preserve-unknown-fields"',
      ),
    );
    assert.deepEqual([...new Set(open.map(([path]) => path.replace(/.*\./, '')))], ['labels']);
  });

  it('bring bounds over as OpenAPI writes them, and patterns without their expression where a format says it', () => {
    assert.deepEqual(structural({ type: 'number', exclusiveMinimum: 0, maximum: 1 }), {
      type: 'number',
      minimum: 0,
      exclusiveMinimum: true,
      maximum: 1,
    });
    assert.deepEqual(structural({ type: 'string', format: 'date', pattern: '^x$' }), {
      type: 'string',
      format: 'date',
    });
    assert.deepEqual(structural({ const: 'required' }), { type: 'string', enum: ['required'] });
    assert.deepEqual(structural({ anyOf: [{ type: 'string' }, { type: 'string' }] }), { type: 'string' });
  });
});
