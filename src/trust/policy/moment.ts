// A day or a time that a policy names, as one moment.
import { endOfDay } from './duration.ts';

/** Ms since 1970. A day alone holds whole: from its start (UTC), or through its end. */
export function momentOf(text: string, edge: 'start' | 'end'): number {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return Date.parse(text);
  return edge === 'start' ? Date.parse(`${text}T00:00:00Z`) : endOfDay(text) - 1;
}
