// What a jar without Maven's own metadata says of itself: its file name, its manifest (JAR file specification).
import type { FoundPackage } from './inventory.ts';
import groups from './maven-groups.json' with { type: 'json' };
import { isToken } from './token.ts';

const exactGroups = new Map(Object.entries(groups.exact));
/** The longest prefix first, so that the closest counts. */
const prefixGroups = Object.entries(groups.prefix).sort(([a], [b]) => b.length - a.length);

/** `NAME-VERSION` of a file name without its ending; the version is absent when the name holds none. */
export function splitStem(stem: string): { name: string; version?: string } {
  // Longer than any file system has it; every dash looks at the rest, so length counts twice.
  if (stem.length > 255) return { name: stem };
  // The first dash before a digit after which only versions and their qualifiers follow: `log4j-1.2-api-2.20.0`.
  for (let dash = stem.indexOf('-'); dash > 0; dash = stem.indexOf('-', dash + 1)) {
    const version = stem.slice(dash + 1);
    if (isDigit(version.charCodeAt(0)) && isVersionTail(version))
      return { name: stem.slice(0, dash), version };
  }
  return { name: stem };
}

const qualifiers = /^(?:\d.*|(?:alpha|beta|b|m|rc|cr|pre|build|dev|rev|sp)[.\d]*)$/i;

/** No word that is no qualifier stands before a part that begins with a digit. */
function isVersionTail(text: string): boolean {
  let word = false;
  for (const part of text.split('-')) {
    if (word && isDigit(part.charCodeAt(0))) return false;
    if (!qualifiers.test(part)) word = true;
  }
  return true;
}

function isDigit(char: number): boolean {
  return char >= 0x30 && char <= 0x39;
}

/** Attributes of a manifest's main section; lines that begin with a space continue the one before. */
export function parseManifest(text: string): Map<string, string> {
  const attributes = new Map<string, string>();
  let last: string | undefined;
  for (const raw of text.split('\n')) {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    if (line === '') break;
    if (line.startsWith(' ')) {
      if (last !== undefined) attributes.set(last, (attributes.get(last) ?? '') + line.slice(1));
      continue;
    }
    const colon = line.indexOf(':');
    last = colon > 0 ? line.slice(0, colon).toLowerCase() : undefined;
    if (last !== undefined) attributes.set(last, line.slice(colon + 1).trim());
  }
  return attributes;
}

/** The package that file name and manifest name; undefined when neither gives a version. */
export function packageOfNames(stem: string, manifest: Map<string, string>): FoundPackage | undefined {
  const plugin = pluginOf(manifest);
  if (plugin) return plugin;
  const fromFile = splitStem(stem);
  const version =
    fromFile.version ??
    ['implementation-version', 'bundle-version', 'specification-version']
      .map((key) => manifest.get(key))
      .find((value) => isToken(value) && /\d/.test(value));
  const name = fromFile.name;
  return isToken(name) && isToken(version) ? named(name, version) : undefined;
}

/** Jenkins plugins name themselves: Group-Id, Short-Name, Plugin-Version. */
function pluginOf(manifest: Map<string, string>): FoundPackage | undefined {
  const namespace = manifest.get('group-id');
  const name = manifest.get('short-name') ?? manifest.get('extension-name');
  // `1.2 (private-0123abcd-user)` of local builds.
  const version = manifest.get('plugin-version')?.split(' ')[0];
  return isToken(namespace) && isToken(name) && isToken(version)
    ? { type: 'maven', namespace, name, version }
    : undefined;
}

/** With the group where the artifact is known; otherwise without one: a guessed group would hide advisories. */
function named(name: string, version: string): FoundPackage {
  const known = exactGroups.get(name) ?? prefixGroups.find(([prefix]) => name.startsWith(prefix))?.[1];
  if (known === undefined) return { type: 'maven', name, version };
  const [namespace, artifact] = known.split(':') as [string, string?];
  return { type: 'maven', namespace, name: artifact ?? name, version };
}
