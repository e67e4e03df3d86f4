// The JSON Schemas in docs/schema of the documents people write, made from what those are checked against.
import { z } from 'zod';
import { policyTestDocument } from './casefile.ts';
import { imagePolicyDocument } from './document.ts';
import { explained } from './explain.ts';

/** Editors that know JSON Schema complete and check a policy by it as it is written. */
export function imagePolicySchema(): string {
  return schemaText(imagePolicyDocument, 'image-policy', 'ImagePolicy of Seaworthy');
}

/** The same for the cases beside a policy. */
export function policyTestSchema(): string {
  return schemaText(policyTestDocument, 'image-policy-test', 'ImagePolicyTest of Seaworthy');
}

/** The same as an object, for the custom resource of a cluster. */
export function imagePolicySchemaJson(): Record<string, unknown> {
  return explained(z.toJSONSchema(imagePolicyDocument, { io: 'input', target: 'draft-2020-12' }));
}

function schemaText(document: z.ZodType, name: string, title: string): string {
  const { $schema, ...schema } = explained(
    z.toJSONSchema(document, { io: 'input', target: 'draft-2020-12' }),
  );
  const whole = {
    $schema,
    $id: `https://seaworthy.dev/schema/${name}.schema.json`,
    title,
    ...schema,
  };
  return `${JSON.stringify(whole, null, 2)}\n`;
}
