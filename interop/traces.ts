// What renewals left behind, as a stranger finds it: in the registry whose requests were seen, and in the audit trail.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { parseJson } from '../src/core/index.ts';
import { openLedger, verifyAudit } from '../src/ledger/index.ts';
import type { Yard } from '../src/testing/yard.ts';

/** Digests that a manifest pushed to the repository in these requests is about: what was signed. */
export async function signedDigests(
  { host, http }: Yard,
  repository: string,
  requests: readonly string[],
): Promise<string[]> {
  const at = new RegExp(`^PUT /v2/${repository}/manifests/(sha256:.*)$`);
  const pushed = new Set(requests.flatMap((line) => at.exec(line)?.[1] ?? []));
  const found = new Set<string>();
  for (const digest of pushed) {
    const url = `http://${host}/v2/${repository}/manifests/${digest}`;
    const answer = await http.request({ url, headers: { accept: '*/*' } });
    const text = (await answer.bytes(1 << 20)).toString();
    const subject =
      answer.status === 200 ? (parseJson(text) as { subject?: { digest: string } }).subject : undefined;
    if (subject !== undefined) found.add(subject.digest);
  }
  return [...found];
}

export async function assertTrail(t: TestContext, url: string): Promise<void> {
  const ledger = await openLedger({ url, books: [] });
  const { broken, end, entries } = await verifyAudit(ledger);
  await ledger.close();
  assert.equal(broken, undefined);
  assert.ok(entries > 0, 'expected entries in the audit trail, got none');
  t.diagnostic(`the audit trail holds, ${JSON.stringify(end)}`);
}
