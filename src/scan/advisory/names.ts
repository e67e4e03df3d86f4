// Names as keys: what of an ecosystem's spelling does not count, and which feed an ecosystem belongs to.

/** The feed that publishes an ecosystem: `Debian` of `Debian:12`. */
export function baseOf(ecosystem: string): string {
  const colon = ecosystem.indexOf(':');
  return colon < 0 ? ecosystem : ecosystem.slice(0, colon);
}

/** The name that rows are kept and looked up by: PEP 503 for PyPI, lower case for NuGet and Packagist, else itself. */
export function keyOf(ecosystem: string, name: string): string {
  switch (baseOf(ecosystem)) {
    case 'PyPI':
      return name.toLowerCase().replace(/[-_.]+/g, '-');
    case 'NuGet':
    case 'Packagist':
      return name.toLowerCase();
    default:
      return name;
  }
}
