// Times in DER (RFC 5280 section 4.1.2.5; RFC 3161 section 2.4.2).
import { type Der, expectTag } from './der.ts';
import { invalidDer } from './fault.ts';

/** Ms since 1970 of a UTCTime or GeneralizedTime (RFC 5280 section 4.1.2.5; RFC 3161 allows a fraction). */
export function readTime(element: Der | undefined): number {
  if (element === undefined) throw invalidDer('a time', 'the end');
  const text = element.content.toString('latin1');
  const long = element.tag === 0x18;
  if (!long) expectTag(element, 0x17);
  const parts = (
    long
      ? /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d{1,9})?Z$/
      : /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)()Z$/
  ).exec(text);
  if (parts === null) throw invalidDer('a time in UTC', JSON.stringify(text.slice(0, 40)));
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1, 7).map(Number);
  const full = long ? year : year + (year < 50 ? 2000 : 1900);
  const at = Date.UTC(full, month - 1, day, hour, minute, second);
  // what is out of range rolls over to another time: written back it must be what was read
  const told = new Date(at).toISOString().replace(/\D/g, '').slice(0, 14);
  if (told !== `${String(full).padStart(4, '0')}${text.slice(long ? 4 : 2).slice(0, 10)}`)
    throw invalidDer('a time that exists', text);
  return at + Math.floor(Number(`0${parts[7] || '.0'}`) * 1000);
}
