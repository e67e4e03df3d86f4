// Names of images taken apart in CEL exactly as image/reference.ts does it: Docker Hub's short names filled in, what
// is no name marked as none.

/** A variable of an admission policy. */
export interface Variable {
  name: string;
  expression: string;
}

const component = '[a-z0-9]+(?:(?:[.]|_{1,2}|-+)[a-z0-9]+)*';
const label = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?';
const port = '(?::(?:[0-9]{1,4}|[0-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?';
const domain = `^(?:${label}(?:[.]${label})*|\\[[a-fA-F0-9:]+\\])${port}$`;
const repository = `^${component}(?:/${component})*$`;
const behind = '^(?::[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127})?(?:@sha256:[a-f0-9]{64}|@sha512:[a-f0-9]{128})?$';

export function celText(text: string): string {
  return JSON.stringify(text);
}

/**
 * `parsed`, from the variable `images` (a list of texts): maps of `i` (as written), `n` (HOST/REPOSITORY, host in lower
 * case), `a0` to `a2` (its beginnings with one to three slashes), `ok` (a valid name) and `at` (named by digest). In steps,
 * since each variable has a budget of its own and CEL has no local names.
 */
export function nameVariables(): Variable[] {
  return [
    {
      name: 'words',
      // Up to the digest's "@" and the tag's ":", which stands behind the last slash.
      expression: mapped('images', { i: 'x', w: 'x.find("^(?:[^/@]*/)*[^:/@]*")' }),
    },
    {
      name: 'firsts',
      expression: mapped('words', {
        i: 'x.i',
        w: 'x.w',
        f: 'x.w.contains("/") ? x.w.split("/", 2)[0] : ""',
      }),
    },
    {
      name: 'halves',
      // The first part is a host when it could not be part of a name on Docker Hub.
      expression: mapped('firsts', {
        i: 'x.i',
        w: 'x.w',
        f: 'x.f.matches("[.:\\\\[A-Z]") || x.f == "localhost" ? x.f : ""',
      }),
    },
    {
      name: 'wholes',
      expression: mapped('halves', {
        i: 'x.i',
        b: 'x.i.substring(size(x.w))',
        d: 'x.f == "" || x.f == "index.docker.io" || x.f == "registry-1.docker.io" ? "docker.io" : x.f',
        r: 'x.f == "" ? x.w : x.w.substring(size(x.f) + 1)',
      }),
    },
    {
      name: 'named',
      expression: mapped('wholes', {
        i: 'x.i',
        b: 'x.b',
        d: 'x.d',
        r: 'x.d == "docker.io" && !x.r.contains("/") ? "library/" + x.r : x.r',
      }),
    },
    {
      name: 'joined',
      expression: mapped('named', {
        i: 'x.i',
        d: 'x.d',
        r: 'x.r',
        n: 'x.d.lowerAscii() + "/" + x.r',
        at: 'x.b.contains("@")',
        ok: [
          'size(x.i) <= 1024',
          'size(x.d) + size(x.r) < 255',
          `x.b.matches(${celText(behind)})`,
          '!(size(x.i) == 64 && x.i.matches("^[a-f0-9]{64}$"))',
        ].join(' && '),
      }),
    },
    {
      name: 'checked',
      expression: mapped('joined', {
        i: 'x.i',
        n: 'x.n',
        at: 'x.at',
        ok: `x.ok && x.r.matches(${celText(repository)}) && x.d.matches(${celText(domain)})`,
      }),
    },
    {
      name: 'parsed',
      expression: mapped('checked', {
        i: 'x.i',
        n: 'x.n',
        a0: 'x.n.find("^[^/]*/")',
        a1: 'x.n.find("^[^/]*/[^/]*/")',
        a2: 'x.n.find("^[^/]*/[^/]*/[^/]*/")',
        at: 'x.at',
        ok: 'x.ok',
      }),
    },
  ];
}

/** A list of maps out of the list `from`, whose item is `x`. All values dynamic, or CEL would want one type of them. */
function mapped(from: string, values: Readonly<Record<string, string>>): string {
  const entries = Object.entries(values).map(([key, value]) => `${celText(key)}: dyn(${value})`);
  return `variables.${from}.map(x, {${entries.join(', ')}})`;
}
