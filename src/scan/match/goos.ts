// Go's advisories may be of one operating system only.
import type { AdvisoryRow } from '../advisory/index.ts';

/** Whether every package that a row names is built for other systems than Linux alone. */
export function onOtherSystems(row: AdvisoryRow): boolean {
  return (
    row.imports !== undefined &&
    row.imports.length > 0 &&
    row.imports.every(({ goos }) => goos !== undefined && goos.length > 0 && !goos.includes('linux'))
  );
}
