// Azure Policy's "Kubernetes cluster containers should only use allowed images" as a policy of Seaworthy: its one
// regular expression becomes anchored patterns that fit nothing which it did not fit.
import { parseJson } from '../../core/index.ts';
import { PolicyFault } from './fault.ts';
import { fieldOf, textOf } from './field.ts';
import { imagePatternProblem } from './pattern.ts';
import { anyName, anyPart, anyText, looseDot, RegexRefused, type Way, waysOf } from './regex.ts';
import type { Mode } from './rule.ts';

/** Id of the built-in definition. */
export const azureDefinition = 'febd0533-8e55-448f-b837-bd0e06f16469';

export interface AzureImport {
  regex: string;
  patterns: string[];
  /** Sentences: what the expression let in that the patterns do not, and what else to look at. */
  warnings: string[];
  /** The policy as YAML. */
  policy: string;
}

/**
 * `text`: the expression itself, or the JSON of a policy assignment. Throws PolicyFault `azure-policy-invalid` when it
 * is neither, `azure-regex-refused` with the reason when it cannot be turned into patterns that are no looser.
 */
export function importAzurePolicy(text: string): AzureImport {
  const { regex, mode, warnings } = assignmentOf(text.trim());
  let ways: Way[];
  try {
    ways = waysOf(regex);
  } catch (error) {
    if (error instanceof RegexRefused) throw refused(regex, error.message);
    throw error;
  }
  const patterns = new Set<string>();
  for (const way of ways)
    for (const pattern of patternsOf(way, regex, warnings)) {
      const problem = imagePatternProblem(pattern, false);
      if (problem !== undefined) throw refused(regex, `${JSON.stringify(pattern)} is no pattern: ${problem}`);
      patterns.add(pattern);
    }
  const list = [...patterns].sort();
  const said = [...new Set(warnings)];
  return { regex, patterns: list, warnings: said, policy: policyText(list, mode) };
}

function assignmentOf(text: string): { regex: string; mode: Mode; warnings: string[] } {
  if (text === '')
    throw new PolicyFault('azure-policy-invalid', 'expected a regular expression, got nothing');
  if (!text.startsWith('{')) return { regex: text, mode: 'enforce', warnings: [] };
  let json: unknown;
  try {
    json = parseJson(text);
  } catch (cause) {
    throw new PolicyFault(
      'azure-policy-invalid',
      'expected the JSON of a policy assignment, got text that does not parse',
      { cause },
    );
  }
  const parameters = fieldOf(json, 'properties', 'parameters') ?? fieldOf(json, 'parameters');
  const regex = textOf(parameters, 'allowedContainerImagesRegex', 'value');
  if (regex === undefined || regex === '')
    throw new PolicyFault(
      'azure-policy-invalid',
      'expected the parameter allowedContainerImagesRegex with a value, got none',
      { hint: `az policy assignment show gives the JSON of an assignment of ${azureDefinition}` },
    );
  const effect = (textOf(parameters, 'effect', 'value') ?? 'deny').toLowerCase();
  const warnings: string[] = [];
  if (effect === 'disabled') warnings.push('The assignment is disabled; the policy is written in audit.');
  for (const name of [
    'excludedNamespaces',
    'namespaces',
    'labelSelector',
    'excludedContainers',
    'excludedImages',
  ]) {
    const value = fieldOf(parameters, name, 'value');
    if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    warnings.push(
      `The assignment has ${name}, which is not part of the policy: choose namespaces by labels.`,
    );
  }
  return { regex, mode: effect === 'deny' ? 'enforce' : 'audit', warnings };
}

function patternsOf(way: Way, regex: string, warnings: string[]): string[] {
  let text = way.text;
  if (text.includes(looseDot)) {
    warnings.push('A dot without "\\" stood for any character; it is read as a dot.');
    text = text.replaceAll(looseDot, '.');
  }
  if (text === '' || text === anyText) throw refused(regex, 'it allows every image');
  if (text.startsWith(anyText)) {
    if (!text.startsWith(`${anyText}.`))
      throw refused(
        regex,
        `it begins with any text, so it fits hosts of strangers such as evil${shown(text.slice(1))}`,
      );
    warnings.push(`It fitted any text before ${shown(text.slice(1))}, slashes too; now only one name does.`);
    text = anyName + text.slice(1);
  } else if (!way.start)
    warnings.push(
      `It was open at its beginning: attacker.example/${shown(text)} fitted as well, and does no more.`,
    );
  const slash = text.indexOf('/');
  if (slash < 0) return [hostAlone(text, way, regex, warnings)];
  const host = text.slice(0, slash);
  if (host.includes(anyText))
    throw refused(regex, `any text within the host ${shown(host)} may hold slashes`);
  return pathsOf(text.slice(slash + 1), way, regex, warnings).map((path) => `${stars(host)}/${path}`);
}

/** Without a slash an expression says only how a host begins. */
function hostAlone(text: string, way: Way, regex: string, warnings: string[]): string {
  const host = text.endsWith(anyText) ? text.slice(0, -1) : text;
  if (host.includes(anyText) || (way.end && host === text))
    throw refused(regex, `${shown(text)} names no host with a repository`);
  warnings.push(
    `It was open behind the host: ${shown(host)}.attacker.example/evil fitted as well, and does no more.`,
  );
  return `${stars(host)}/**`;
}

function pathsOf(whole: string, way: Way, regex: string, warnings: string[]): string[] {
  const tag = /[:@]/.exec(whole)?.index;
  if (tag !== undefined) {
    if (
      ![anyText, anyPart].some((any) => whole.slice(tag) === `:${any}`) &&
      !(whole.slice(tag) === ':' && !way.end)
    )
      throw refused(regex, `it chooses tags or digests (${shown(whole.slice(tag))}), which patterns do not`);
    warnings.push('It asked for a tag; the same images by digest are allowed too.');
    return pathOf(whole.slice(0, tag), regex);
  }
  if (whole === '' || whole.endsWith('/')) {
    if (way.end) throw refused(regex, 'it ends with a slash, which no image does');
    return pathOf(`${whole}${anyText}`, regex);
  }
  if (whole.endsWith(anyText) || whole.endsWith(anyPart)) return pathOf(whole, regex);
  if (way.end)
    throw refused(
      regex,
      `it allows ${shown(whole)} only without a tag; write ":.+" behind it to allow all of them`,
    );
  warnings.push(`It was open at its end: ${shown(whole)}-evil fitted as well, and does no more.`);
  return pathOf(whole, regex);
}

/** The path as patterns: any text at the end is the rest of a name and whatever lies below. */
function pathOf(path: string, regex: string): string[] {
  const at = path.indexOf(anyText);
  if (at >= 0 && at < path.length - 1) {
    if (path[at - 1] !== '/' && at !== 0) throw refused(regex, 'any text stands within a name');
    if (path[at + 1] !== '/' || path.indexOf(anyText, at + 1) >= 0)
      throw refused(regex, 'any text stands within a name');
  }
  // "*" is also no text at all, which "+" is not: the same only where a name may not end.
  for (const [i, char] of [...path].entries())
    if (
      (char === anyPart || char === anyName) &&
      i > 0 &&
      !/[/._-]/.test(path[i - 1]!) &&
      i < path.length - 1
    )
      throw refused(regex, `a part such as ${shown(path)} needs a character that "*" does not ask for`);
  const body = stars(path);
  if (at !== path.length - 1 || at < 0) return [body];
  const before = stars(path.slice(0, -1));
  return before === '' || before.endsWith('/') ? [`${before}**`] : [`${before}*`, `${before}*/**`];
}

function stars(text: string): string {
  return text.replaceAll(anyPart, '*').replaceAll(anyName, '*').replaceAll(anyText, '**');
}

function shown(text: string): string {
  return text
    .replaceAll(anyPart, '…')
    .replaceAll(anyName, '…')
    .replaceAll(anyText, '…')
    .replaceAll(looseDot, '.');
}

function refused(regex: string, reason: string): PolicyFault {
  return new PolicyFault(
    'azure-regex-refused',
    `expected an expression that patterns can stand for, got ${JSON.stringify(regex.slice(0, 200))}: ${reason}`,
    {
      hint: 'Write the repositories as patterns: HOST/REPOSITORY, "*" for any text without a slash, "**" for any text.',
    },
  );
}

function policyText(patterns: readonly string[], mode: Mode): string {
  return [
    'apiVersion: seaworthy.dev/v1alpha1',
    'kind: ImagePolicy',
    'metadata:',
    '  name: allowed-images',
    'spec:',
    '  rules:',
    '    - name: allowed-images',
    `      mode: ${mode}`,
    '      registries:',
    ...patterns.map((pattern) => `        - ${JSON.stringify(pattern)}`),
    '',
  ].join('\n');
}
