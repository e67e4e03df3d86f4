// A preview as JSON, in the words of a status.
import { isRefused, type Preview } from './preview.ts';
import { policyJson, rowJson, verdictJson } from './statusjson.ts';

/** Two spaces of indent and a newline at the end. */
export function previewJson({ context, policy, before, rows, enforcing, notes }: Preview): string {
  const whole = {
    schemaVersion: 1,
    context,
    policy: policyJson(policy),
    ...(before === undefined ? {} : { before: policyJson(before) }),
    enforcing,
    notes,
    workloads: rows.map(({ before: earlier, ...row }) => ({
      ...rowJson(row),
      refused: isRefused(row.verdict),
      ...(earlier === undefined ? {} : { before: verdictJson(earlier), refusedBefore: isRefused(earlier) }),
    })),
  };
  return `${JSON.stringify(whole, null, 2)}\n`;
}
