// A result in every format people and tools read.
export { formatCycloneDx, formatSpdx } from './bom.ts';
export { formatJson } from './json.ts';
export { formatSarif } from './sarif.ts';
export { formatTable } from './table.ts';
export { onlyFixable } from './tally.ts';
export { paint, plain, type Style, type TableLook, widthOf, wrap } from './text.ts';
