// modified_id.csv: every id of a feed with the time of its last change, as osv.dev publishes it.
import { defaultLimits } from '../../core/index.ts';
import { AdvisoryFault } from './fault.ts';
import { isTime } from './time.ts';

/**
 * Id → `modified` as written. One wrong line makes the whole list wrong: half a list would look like removals.
 * Throws AdvisoryFault `feed-unreadable`.
 */
export function parseModifiedCsv(text: string): Map<string, string> {
  const ids = new Map<string, string>();
  let line = 0;
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\n', at);
    const row = text.slice(at, end < 0 ? text.length : end).replace(/\r$/, '');
    line++;
    at = end < 0 ? text.length : end + 1;
    const comma = row.indexOf(',');
    const modified = row.slice(0, Math.max(comma, 0));
    const id = row.slice(comma + 1);
    if (comma < 0 || !isTime(modified) || !isId(id))
      throw wrong(`a time and an id in line ${line}`, JSON.stringify(row.slice(0, 80)));
    ids.set(id, modified);
    if (ids.size > defaultLimits.feedRecords) throw wrong(`at most ${defaultLimits.feedRecords} ids`, 'more');
  }
  // Every line of a published list ends; a last line that does not was cut, and so perhaps was its id.
  if (!text.endsWith('\n')) throw wrong('a list that ends with a line end', 'a cut one, or none');
  return ids;
}

/** What can be part of a URL and a file name without escaping from either. */
export function isId(text: string): boolean {
  return text.length <= 200 && /^[A-Za-z0-9][\w.:+@-]*$/.test(text) && !text.includes('..');
}

function wrong(expected: string, got: string): AdvisoryFault {
  return new AdvisoryFault('feed-unreadable', `modified_id.csv: expected ${expected}, got ${got}`);
}
