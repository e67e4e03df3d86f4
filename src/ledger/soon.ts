// What follows a transaction in one of its own, at once and together with others that ask for the same.
import { isLedgerFault } from './fault.ts';
import type { Write } from './ledger.ts';
import type { OwnLedger } from './own.ts';

const begun = new WeakMap<OwnLedger, Map<string, Promise<void>>>();

/**
 * Runs `work` in a transaction that begins after this call, the same one for all who ask under one name until it begins.
 * Never rejects: what it does is also done from time to time.
 */
export function soon(
  ledger: OwnLedger,
  name: string,
  work: (write: Write<unknown>) => Promise<unknown>,
): Promise<void> {
  const waiting = begun.get(ledger) ?? new Map<string, Promise<void>>();
  begun.set(ledger, waiting);
  const known = waiting.get(name);
  if (known !== undefined) return known;
  const asked = ledger
    .writeAs<unknown, void>('read committed', async (write) => {
      waiting.delete(name);
      await work(write);
    })
    .catch((error: unknown) => {
      waiting.delete(name);
      if (!isLedgerFault(error) || error.code !== 'ledger-closed')
        ledger.log.warn({ error }, `${name}: done later`);
    });
  waiting.set(name, asked);
  return asked;
}
