// What happened, told to each receiver.
import { readFileSync } from 'node:fs';
import { post, startDelivery, type Workers } from '../ledger/index.ts';
import { webhookDelivery } from './events/index.ts';
import type { HubParts } from './hubparts.ts';

/**
 * What happened is told to each receiver in its own time: one that is away keeps nothing from the others. Where there is
 * none, it is told to nobody, and does not wait for one to come.
 */
export function startTelling({ ledger, config, http, clock, log }: HubParts): Workers {
  const receivers = (config.notify ?? []).map(({ url, secretFile }, at) => ({
    channel: `notify.${at}.${new URL(url).host}`,
    url,
    secret: readFileSync(config.file(secretFile), 'utf8').trim(),
  }));
  const now = () => clock.now().getTime();
  return startDelivery(ledger, {
    channels: {
      notify: async ({ id, payload }) =>
        ledger.write(async (write) => {
          for (const { channel } of receivers) await post(write, { channel, id, payload });
        }),
      ...Object.fromEntries(
        receivers.map(({ channel, url, secret }) => [channel, webhookDelivery(http, { url, secret }, now)]),
      ),
    },
    onFailure: ({ channel, id }, error, isLast) =>
      log.warn({ channel, id, error, isLast }, 'an event was not taken'),
  });
}
