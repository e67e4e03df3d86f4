// The guarded HTTP client, and the identities that clouds give a machine.
export { isLoopbackHost } from './address.ts';
export type { PrivateTls } from './authorities.ts';
export { type AzureIdentityOptions, azureToken } from './azure.ts';
export { type ClientOptions, createClient, type HttpClient, type HttpRequest } from './client.ts';
export type { Timeouts } from './exchange.ts';
export { NetFault, type NetFaultCode } from './fault.ts';
export { githubToken } from './github.ts';
export type { HttpResponse } from './response.ts';
