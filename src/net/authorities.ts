// The certificate authorities that servers are checked against: Node's, the system's, and those of --ca-file.
import { readFileSync } from 'node:fs';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { messageOf } from '../core/index.ts';
import { NetFault } from './fault.ts';

/** Made once per client: parsing some hundred certificates costs more than a handshake. Throws NetFault. */
export function trustedContext(caFile: string | undefined): SecureContext {
  const roots = new Set([...getCACertificates('default'), ...systemCertificates()]);
  for (const certificate of caFile === undefined ? [] : readCaFile(caFile)) roots.add(certificate);
  return createSecureContext({ ca: [...roots] });
}

/** TLS with a server that has an authority of its own, and may ask who we are. */
export interface PrivateTls {
  /** PEM; the usual authorities when left out. */
  ca?: string;
  /** Our certificate and its key, PEM. */
  cert?: string;
  key?: string;
  /** Name that the server's certificate has to bear, where it is not the host's. */
  serverName?: string;
}

/** Throws NetFault `tls-failed` where certificate or key are none. */
export function privateContext({ ca, cert, key }: PrivateTls): SecureContext {
  try {
    return createSecureContext({
      ca: ca ?? [...new Set([...getCACertificates('default'), ...systemCertificates()])],
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    });
  } catch (cause) {
    throw new NetFault('tls-failed', `expected certificates and a key in PEM, got ${messageOf(cause)}`, {
      cause,
    });
  }
}

function systemCertificates(): string[] {
  return process.platform === 'linux' || process.platform === 'darwin' || process.platform === 'win32'
    ? getCACertificates('system')
    : [];
}

/** The certificates of a PEM file. Throws NetFault `ca-file-unreadable`. */
export function readCaFile(path: string): string[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw unreadable(path, messageOf(cause), cause);
  }
  const found = text.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g);
  if (found === null) throw unreadable(path, 'no PEM certificate in it');
  try {
    createSecureContext({ ca: found });
  } catch (cause) {
    throw unreadable(path, messageOf(cause), cause);
  }
  return found;
}

function unreadable(path: string, got: string, cause?: unknown): NetFault {
  return new NetFault('ca-file-unreadable', `expected PEM certificates in ${path}, got ${got}`, {
    hint: 'Give --ca-file a file with one or more "BEGIN CERTIFICATE" blocks.',
    cause,
  });
}
