// The result of seaworthy verify, for people and for programs.
import { type Answer, signerName } from '../trust/index.ts';

export interface Verified {
  /** `HOST/REPOSITORY@DIGEST`. */
  image: string;
  result: 'verified' | 'refused' | 'undecided';
  predicateType?: string;
  signed: Extract<Answer, { ok: true }>[];
  rejected: Extract<Answer, { ok: false }>[];
  unlisted: { format: string; code: string; message: string }[];
}

export function verificationJson(verified: Verified): string {
  const { signed, rejected, ...rest } = verified;
  const document = {
    ...rest,
    signed: signed.map(({ ok: _ok, times, until, ...answer }) => ({
      ...answer,
      times: times.map((time) => new Date(time).toISOString()),
      ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
    })),
    rejected: rejected.map(({ ok: _ok, ...answer }) => answer),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

const most = 10;

export function verificationText({
  image,
  result,
  predicateType,
  signed,
  rejected,
  unlisted,
}: Verified): string {
  const what = predicateType === undefined ? 'a signature' : `an attestation ${predicateType}`;
  const head = {
    verified: `verified   ${image}`,
    refused: `refused    ${image}: no ${what.replace(/^an? /, '')} by anyone trusted`,
    undecided: `undecided  ${image}: ${what} could not be judged`,
  }[result];
  const lines = [head];
  for (const { signer, times, format, warnings } of signed.slice(0, most)) {
    const at = times.length === 0 ? '' : `, signed ${new Date(Math.min(...times)).toISOString()}`;
    lines.push(
      `  by ${printable(signerName(signer))} (${format}${at})`,
      ...(warnings ?? []).map((text) => `     warning: ${printable(text)}`),
    );
  }
  if (result !== 'verified') {
    for (const { format, code, message } of rejected.slice(0, most))
      lines.push(`  ${format}: ${printable(message)} (${code})`);
    for (const { format, code, message } of unlisted.slice(0, most))
      lines.push(`  ${format}: ${printable(message)} (${code})`);
    const left = Math.max(rejected.length - most, 0) + Math.max(unlisted.length - most, 0);
    if (left > 0) lines.push(`  and ${left} more`);
    if (rejected.length + unlisted.length === 0) lines.push('  nothing of that kind lies beside the image');
  }
  return `${lines.join('\n')}\n`;
}

/** Names and messages hold text of strangers: no control characters reach a terminal. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '?').slice(0, 500);
}
