// Every option of the server's document also as a flag and an environment variable, made from the schema itself.
import { parse } from 'yaml';
import { z } from 'zod';
import { DocumentFault } from '../core/document/index.ts';
import { nearest } from '../core/index.ts';
import { serverDocument } from './configdocument.ts';

export interface ServerOption {
  /** `watch.every` */
  path: string;
  /** `--watch-every` */
  flag: string;
  /** `SEAWORTHY_WATCH_EVERY` */
  variable: string;
  /** Text is taken as it is; anything else is read as YAML. */
  isText: boolean;
  description: string;
}

/** Those of the document down to lists: a list is given whole, as YAML. */
export function serverOptions(): ServerOption[] {
  return leaves(serverDocument, []);
}

function leaves(schema: z.ZodType, path: readonly string[]): ServerOption[] {
  const inner = unwrapped(schema);
  if (inner instanceof z.ZodObject && path.length < 3)
    return Object.entries(inner.shape as Record<string, z.ZodType>).flatMap(([key, child]) =>
      path.length === 0 && (key === 'apiVersion' || key === 'kind') ? [] : leaves(child, [...path, key]),
    );
  const words = path.map((part) => part.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)).join('-');
  return [
    {
      path: path.join('.'),
      flag: `--${words}`,
      variable: `SEAWORTHY_${words.replaceAll('-', '_').toUpperCase()}`,
      isText: inner instanceof z.ZodString || inner instanceof z.ZodEnum || inner instanceof z.ZodURL,
      description: schema.description ?? inner.description ?? '',
    },
  ];
}

function unwrapped(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodOptional ? unwrapped(schema.unwrap() as z.ZodType) : schema;
}

/** Variables that begin like ours and are none: a mistyped one is never silently left out. */
const others = new Set([
  'SEAWORTHY_HOME',
  'SEAWORTHY_PASSWORD',
  'SEAWORTHY_TOKEN',
  'SEAWORTHY_SERVER',
  'SEAWORTHY_CONFIG',
]);

export interface Given {
  option: ServerOption;
  text: string;
  /** `--watch-every` or `SEAWORTHY_WATCH_EVERY`, for messages. */
  as: string;
}

/** Flags come before variables, variables before the file. Throws DocumentFault for a variable that is none of ours. */
export function givenOptions(
  flags: Readonly<Record<string, string | undefined>>,
  env: Readonly<Record<string, string | undefined>>,
): Given[] {
  const options = serverOptions();
  const known = new Set(options.map(({ variable }) => variable));
  for (const variable of Object.keys(env)) {
    if (!variable.startsWith('SEAWORTHY_') || known.has(variable) || others.has(variable)) continue;
    const right = nearest(variable, [...known]);
    if (right === undefined) continue;
    throw new DocumentFault('document-invalid', `unknown variable ${variable}, did you mean ${right}?`, {
      hint: 'unset it, or give it the name of an option (docs/server.md)',
    });
  }
  return options.flatMap((option) => {
    const flag = flags[option.path];
    if (flag !== undefined) return [{ option, text: flag, as: option.flag }];
    const value = env[option.variable];
    return value === undefined || value === '' ? [] : [{ option, text: value, as: option.variable }];
  });
}

/** The value of an option as the document would have it. Throws DocumentFault. */
export function givenValue({ option, text, as }: Given): unknown {
  if (option.isText) return text;
  try {
    return parse(text, { maxAliasCount: 0 });
  } catch (cause) {
    throw new DocumentFault('document-invalid', `${as}: expected YAML, got ${(cause as Error).message}`, {
      cause,
    });
  }
}
