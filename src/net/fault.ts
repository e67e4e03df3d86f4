// What can go wrong between this program and an HTTP server.
import { Fault } from '../core/index.ts';

export type NetFaultCode =
  | 'url-invalid'
  | 'plain-http-refused'
  | 'address-refused'
  | 'name-not-found'
  | 'connect-failed'
  | 'tls-failed'
  | 'timeout'
  | 'aborted'
  | 'redirect-refused'
  | 'body-too-large'
  | 'body-truncated'
  | 'proxy-invalid'
  | 'ca-file-unreadable'
  | 'identity-failed';

export class NetFault extends Fault<NetFaultCode> {}
