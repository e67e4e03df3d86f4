// Told to others: a webhook signed as Standard Webhooks has it (github.com/standard-webhooks, "spec/standard-webhooks.md").
import { createHmac } from 'node:crypto';
import { Fault } from '../../core/index.ts';
import type { Deliver } from '../../ledger/index.ts';
import type { HttpClient } from '../../net/index.ts';

export type WebhookFaultCode = 'webhook-refused';

/** The receiver did not take it. */
export class WebhookFault extends Fault<WebhookFaultCode> {}

export interface Webhook {
  url: string;
  /** `whsec_BASE64`, or any text. */
  secret: string;
}

/** `v1,BASE64` over `ID.SECONDS.BODY`. */
export function signWebhook(secret: string, id: string, seconds: number, body: string): string {
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret);
  return `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`;
}

/** Rejects when the receiver does not take it; the outbox tries again with the same id. */
export function webhookDelivery(http: HttpClient, { url, secret }: Webhook, now: () => number): Deliver {
  return async ({ id, payload, postedAt }, signal) => {
    const body = JSON.stringify({
      type: `${payload['event']}.${payload['state']}`,
      timestamp: new Date(postedAt).toISOString(),
      data: payload,
    });
    const seconds = Math.floor(now() / 1000);
    const response = await http.request({
      method: 'POST',
      url,
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(seconds),
        'webhook-signature': signWebhook(secret, id, seconds, body),
      },
      body: Buffer.from(body),
      redirects: 'manual',
      retries: 0,
      signal,
    });
    await response.discard();
    if (response.status < 200 || response.status >= 300)
      throw new WebhookFault(
        'webhook-refused',
        `expected ${new URL(url).host} to take an event, got ${response.status}`,
        {
          hint: 'it is told again until it takes it, for three days',
        },
      );
  };
}
