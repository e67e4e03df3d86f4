// The result as JSON; docs/schema/scan-result.schema.json describes it.
import type { ScanResult } from '../match/index.ts';

export function formatJson(result: ScanResult & { leftOut?: number }): string {
  const { leftOut: _, ...whole } = result;
  return `${JSON.stringify(whole, null, 2)}\n`;
}
