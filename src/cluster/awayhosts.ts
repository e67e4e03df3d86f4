// An HTTP client that asks a host no more once it did not answer a few times: a fleet of images behind a registry that
// is away is named in seconds, not in as many time-outs.
import { type HttpClient, NetFault, type NetFaultCode } from '../net/index.ts';

const silence: readonly NetFaultCode[] = ['connect-failed', 'name-not-found', 'timeout', 'tls-failed'];
/** Silences in a row after which a host counts as away; an answer in between begins anew. */
const enough = 2;

export function rememberingAway(http: HttpClient): HttpClient {
  const away = new Map<string, { times: number; fault: NetFault }>();
  return {
    async request(request) {
      const { host } = new URL(request.url);
      const known = away.get(host);
      if (known !== undefined && known.times >= enough) throw known.fault;
      try {
        const response = await http.request(request);
        away.delete(host);
        return response;
      } catch (error) {
        if (error instanceof NetFault && silence.includes(error.code))
          away.set(host, { times: (away.get(host)?.times ?? 0) + 1, fault: error });
        throw error;
      }
    },
    close: () => http.close(),
  };
}
