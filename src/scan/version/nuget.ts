// NuGet's order: one to four numbers, a pre-release compared without case, metadata ignored.
import { compareDigits, compareText } from './digits.ts';
import type { VersionOrder } from './order.ts';

interface NugetVersion {
  numbers: string[];
  pre: string[];
}

/** Numbers longer than the 32 bits of NuGet's own client are ordered all the same. */
export const nuget: VersionOrder<NugetVersion> = {
  name: 'nuget',
  parse(text) {
    const match = /^(\d+(?:\.\d+){0,3})(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?$/.exec(text.trim());
    if (match === null) return undefined;
    const pre = match[2] === undefined ? [] : match[2].toLowerCase().split('.');
    if (pre.includes('') || match[3]?.split('.').includes('')) return undefined;
    return { numbers: match[1]!.split('.'), pre };
  },
  compare(a, b) {
    for (let n = 0; n < 4; n++) {
      const order = compareDigits(a.numbers[n] ?? '', b.numbers[n] ?? '');
      if (order !== 0) return order;
    }
    if (a.pre.length === 0 || b.pre.length === 0) return b.pre.length - a.pre.length;
    for (let n = 0; n < a.pre.length && n < b.pre.length; n++) {
      const order = compareLabels(a.pre[n]!, b.pre[n]!);
      if (order !== 0) return order;
    }
    return a.pre.length - b.pre.length;
  },
};

function compareLabels(a: string, b: string): number {
  const leftNumber = /^\d+$/.test(a);
  const rightNumber = /^\d+$/.test(b);
  if (leftNumber !== rightNumber) return leftNumber ? -1 : 1;
  return leftNumber ? compareDigits(a, b) : compareText(a, b);
}
