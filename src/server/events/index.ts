// Push events of registries in; what is told to others out.
export { type PushHint, type PushKind, parsePush } from './push.ts';
export { signWebhook, WebhookFault, type WebhookFaultCode, webhookDelivery } from './webhook.ts';
