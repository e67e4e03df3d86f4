// JSON Schema as zod writes it, turned into the structural schema that an API server wants of a custom resource.

export interface Structural {
  type?: 'object' | 'array' | 'string' | 'boolean' | 'integer' | 'number';
  description?: string;
  properties?: Record<string, Structural>;
  required?: readonly string[];
  additionalProperties?: Structural;
  items?: Structural;
  enum?: readonly unknown[];
  'x-kubernetes-preserve-unknown-fields'?: true;
  'x-kubernetes-validations'?: readonly { rule: string; message: string }[];
  [keyword: string]: unknown;
}

type Json = Record<string, unknown>;

/** Keywords that mean the same on both sides. */
const kept = ['minLength', 'maxLength', 'minItems', 'maxItems', 'minimum', 'maximum', 'enum', 'description'];
/** Formats that the API server checks itself; the long expressions beside them say the same. */
const formats = ['date', 'date-time', 'uri'];

export function structural(schema: Json): Structural {
  if (Array.isArray(schema['anyOf'])) return oneOfSeveral(schema, schema['anyOf'] as Json[]);
  const result: Structural = {};
  for (const key of kept) if (schema[key] !== undefined) result[key] = schema[key];
  if (typeof schema['type'] === 'string') result.type = schema['type'] as NonNullable<Structural['type']>;
  if (schema['const'] !== undefined) {
    result.enum = [schema['const']];
    result.type ??= typeof schema['const'] as 'string' | 'boolean';
  }
  if (typeof schema['exclusiveMinimum'] === 'number') {
    result['minimum'] = schema['exclusiveMinimum'];
    result['exclusiveMinimum'] = true;
  }
  if (formats.includes(schema['format'] as string)) result['format'] = schema['format'];
  else if (schema['pattern'] !== undefined) result['pattern'] = schema['pattern'];
  if (schema['items'] !== undefined) result.items = structural(schema['items'] as Json);
  if (schema['properties'] !== undefined) {
    const properties = Object.entries(schema['properties'] as Record<string, Json>);
    result.properties = Object.fromEntries(properties.map(([key, value]) => [key, structural(value)]));
    if (Array.isArray(schema['required'])) result.required = schema['required'] as string[];
  }
  const more = schema['additionalProperties'];
  if (typeof more === 'object' && more !== null) result.additionalProperties = structural(more as Json);
  return result;
}

/** A structural schema has one type: texts of several forms are text, text or a list is left to the policy's parser. */
function oneOfSeveral(schema: Json, branches: readonly Json[]): Structural {
  const description = typeof schema['description'] === 'string' ? { description: schema['description'] } : {};
  return branches.every(({ type }) => type === 'string')
    ? { type: 'string', ...description }
    : { 'x-kubernetes-preserve-unknown-fields': true, ...description };
}

/** Without the keys that name files: there are none in a cluster. */
export function withoutKeys(schema: Structural, keys: readonly string[]): Structural {
  const result: Structural = { ...schema };
  if (schema.items !== undefined) result.items = withoutKeys(schema.items, keys);
  if (schema.properties !== undefined) {
    const left = Object.entries(schema.properties).filter(([key]) => !keys.includes(key));
    result.properties = Object.fromEntries(left.map(([key, value]) => [key, withoutKeys(value, keys)]));
  }
  return result;
}
