// docs/schema/image-policy.schema.json, made from the schema that policies are checked against.
import { z } from 'zod';
import { imagePolicyDocument } from './document.ts';

/** Editors that know JSON Schema complete and check a policy by it as it is written. */
export function imagePolicySchema(): string {
  const { $schema, ...schema } = z.toJSONSchema(imagePolicyDocument, {
    io: 'input',
    target: 'draft-2020-12',
  });
  const whole = {
    $schema,
    $id: 'https://seaworthy.dev/schema/image-policy.schema.json',
    title: 'ImagePolicy of Seaworthy',
    ...schema,
  };
  return `${JSON.stringify(whole, null, 2)}\n`;
}
