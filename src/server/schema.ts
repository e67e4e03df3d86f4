// The JSON Schema in docs/schema of a server's configuration, made from what that is checked against.
import { z } from 'zod';
import { serverDocument } from './configdocument.ts';

/** Editors that know JSON Schema complete and check a configuration by it as it is written. */
export function serverSchema(): string {
  const { $schema, ...schema } = z.toJSONSchema(serverDocument, { io: 'input', target: 'draft-2020-12' });
  const whole = {
    $schema,
    $id: 'https://seaworthy.dev/schema/server.schema.json',
    title: 'Configuration of a Seaworthy server',
    ...schema,
  };
  return `${JSON.stringify(whole, null, 2)}\n`;
}
