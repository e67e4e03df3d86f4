// Identities and names are compared whole: nothing that merely contains, starts or ends like the right one passes.
import type { TextMatch } from './authority.ts';

export function matchesText(match: TextMatch, text: string): boolean {
  return 'exact' in match ? match.exact === text : matchesPattern(match.pattern, text);
}

/** Anchored at both ends; `*` is any text without a slash, `**` any text; every other character is itself. */
export function matchesPattern(pattern: string, text: string): boolean {
  return compile(pattern).test(text);
}

const compiled = new Map<string, RegExp>();

function compile(pattern: string): RegExp {
  let expression = compiled.get(pattern);
  if (expression === undefined) {
    const source = pattern
      .split(/(\*{1,2})/)
      .map((part) =>
        part === '**' ? '.*' : part === '*' ? '[^/]*' : part.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'),
      )
      .join('');
    expression = new RegExp(`^${source}$`, 's');
    if (compiled.size > 10_000) compiled.clear();
    compiled.set(pattern, expression);
  }
  return expression;
}

/**
 * Whether a pattern of identities narrows anything: `*`, `**`, `.`, the empty text and those with a wildcard for the
 * host part of a URL would trust strangers.
 */
export function isUsefulPattern(pattern: string): boolean {
  const fixed = pattern.replaceAll('*', '');
  if (fixed.trim() === '' || /^[./:@-]*$/.test(fixed)) return false;
  const host = /^[a-z][a-z0-9+.-]*:\/\/([^/]*)/i.exec(pattern)?.[1];
  return host === undefined ? !pattern.startsWith('*') || pattern.includes('@') : !host.includes('*');
}
