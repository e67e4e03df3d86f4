// Decimal numbers of any length, and texts by code unit, compared without converting them.

/** Compares two runs of ASCII digits as numbers; the empty run is zero. */
export function compareDigits(a: string, b: string): number {
  const left = withoutZeros(a);
  const right = withoutZeros(b);
  return left.length - right.length || compareText(left, right);
}

export function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

export function withoutZeros(digits: string): string {
  let at = 0;
  while (digits.charCodeAt(at) === 0x30) at++;
  return at === 0 ? digits : digits.slice(at);
}

export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

export function isLetter(code: number): boolean {
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}
