// The server's API as its clients know it.
export type * from './answers.ts';
export { type Api, type ApiOptions, createApi, ServerFault, type ServerFaultCode } from './client.ts';
