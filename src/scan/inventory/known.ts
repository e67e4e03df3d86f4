// Executables known by their file name as a runtime or a server: present without package evidence, they are named.
import data from './known-executables.json' with { type: 'json' };

const exact = new Map<string, string>();
/** What stands before and after a version, and whose it is. */
const versioned: { before: string; after: string; name: string }[] = [];

for (const [name, patterns] of Object.entries(data.executables)) {
  for (const pattern of patterns) {
    const hash = pattern.indexOf('#');
    if (hash < 0) exact.set(pattern, name);
    else versioned.push({ before: pattern.slice(0, hash), after: pattern.slice(hash + 1), name });
  }
}

/** What a file is known as by its name: node, java, nginx, …; undefined when it is not known. */
export function knownAs(path: string): string | undefined {
  const file = path.slice(path.lastIndexOf('/') + 1);
  const name = exact.get(file);
  if (name !== undefined) return name;
  if (!/\d/.test(file)) return undefined;
  return versioned.find(
    ({ before, after }) =>
      file.startsWith(before) &&
      file.endsWith(after) &&
      /^\d+(?:\.\d+)*$/.test(file.slice(before.length, file.length - after.length)),
  )?.name;
}
