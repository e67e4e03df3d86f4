// Asks a timestamp authority for its word over a signature (RFC 3161 sections 2.4.1 and 3.4).
import { createHash, randomBytes } from 'node:crypto';
import type { HttpClient } from '../../net/index.ts';
import { tokenOf, writeDer, writeInteger, writeOid } from '../certificate/index.ts';
import { post, serviceUrl } from './service.ts';

const largest = 1 << 20;

/** The TimeStampResp, DER, granted. Throws SigningFault, CertificateFault, NetFault. */
export async function requestTimestamp(
  http: HttpClient,
  url: string,
  signature: Uint8Array,
): Promise<Buffer> {
  const digest = createHash('sha256').update(signature).digest();
  const algorithm = writeDer(0x30, writeOid('2.16.840.1.101.3.4.2.1'), writeDer(0x05));
  const request = writeDer(
    0x30,
    writeInteger(Buffer.from([1])),
    writeDer(0x30, algorithm, writeDer(0x04, digest)),
    writeInteger(randomBytes(8)),
    writeDer(0x01, Buffer.from([0xff])),
  );
  const response = await post(http, serviceUrl(url, ''), request, 'application/timestamp-query');
  const bytes = await response.bytes(largest);
  tokenOf(bytes);
  return bytes;
}
