// Findings said in a line, and the upgrade that ends most of them.
import type { Finding, SeverityLevel } from '../../scan/match/index.ts';
import { compareVersions, orderOf } from '../../scan/version/index.ts';
import type { Fix } from './verdict.ts';

const order: readonly SeverityLevel[] = ['critical', 'high', 'medium', 'low', 'negligible', 'unknown'];

/** `2 critical, 5 high: CVE-2024-0001 (openssl), CVE-2024-0002 (zlib), and 5 more`. */
export function countedText(findings: readonly Finding[]): string {
  const counts = order.flatMap((level) => {
    const count = findings.filter(({ severity }) => severity.level === level).length;
    return count === 0 ? [] : [`${count} ${level === 'unknown' ? 'of unknown severity' : level}`];
  });
  return `${counts.join(', ')}: ${findingNames(findings)}`;
}

const named = 3;

export function findingNames(findings: readonly Finding[]): string {
  const worst = [...findings].sort(
    (a, b) => b.priority - a.priority || order.indexOf(a.severity.level) - order.indexOf(b.severity.level),
  );
  const names = [...new Set(worst.map(({ id, name, kev }) => `${id} (${name}${kev ? ', exploited' : ''})`))];
  return `${names.slice(0, named).join(', ')}${names.length > named ? `, and ${names.length - named} more` : ''}`;
}

/** The packages to upgrade and to what; those of the base are the base's to mend. */
export function upgradeFix(findings: readonly Finding[]): Fix {
  const steps = new Map<string, { count: number; to: string; base: boolean; ordered: boolean }>();
  let without = 0;
  for (const { name, purl, fixedIn, introducedBy } of findings) {
    const fix = fixedIn.find(({ channel }) => channel === undefined);
    if (fix === undefined) {
      without++;
      continue;
    }
    const step = steps.get(name) ?? {
      count: 0,
      to: fix.version,
      base: introducedBy === 'base',
      ordered: true,
    };
    step.count++;
    const higher = isHigher(purl, fix.version, step.to);
    if (higher) step.to = fix.version;
    step.ordered &&= higher !== undefined;
    steps.set(name, step);
  }
  const best = [...steps].sort(([, a], [, b]) => b.count - a.count);
  const texts = best
    .slice(0, named)
    .map(([name, { to, ordered }]) => `${name} to ${to}${ordered ? '' : ' or later'}`);
  const base = best.length > 0 && best.every(([, step]) => step.base);
  const parts = [
    ...(texts.length > 0
      ? [
          `${base ? 'rebuild on an updated base, or upgrade' : 'upgrade'} ${texts.join(', ')}${best.length > named ? `, and ${best.length - named} more packages` : ''}`,
        ]
      : []),
    ...(without > 0 ? [`${without} without a fix: replace the package, or suppress with a reason`] : []),
  ];
  return { text: `${parts.join('; ')}, then build and scan again` };
}

/** Ecosystems by the type of a purl; one distribution of a kind stands for all that order alike. */
const ecosystems: Readonly<Record<string, string>> = {
  deb: 'Debian',
  apk: 'Alpine',
  rpm: 'AlmaLinux',
  npm: 'npm',
  cargo: 'crates.io',
  pypi: 'PyPI',
  maven: 'Maven',
  golang: 'Go',
  nuget: 'NuGet',
};

/** Undefined where the two cannot be ordered; the same version twice is no question. */
function isHigher(purl: string, a: string, b: string): boolean | undefined {
  if (a === b) return false;
  const type = /^pkg:([a-z]+)\//.exec(purl)?.[1] ?? '';
  const order = Object.hasOwn(ecosystems, type) ? orderOf(ecosystems[type]!) : undefined;
  const difference = order && compareVersions(order, a, b);
  return difference === undefined ? undefined : difference > 0;
}
