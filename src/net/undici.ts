// The parts of undici that are needed, loaded when the first request is made: its whole index takes some 50 ms
// longer (fetch, WebSocket and caches come with it), a third of what a scan of known layers may take.
import type { Agent, Dispatcher, ProxyAgent } from 'undici';

export interface UndiciParts {
  Agent: typeof Agent;
  ProxyAgent: typeof ProxyAgent;
  request(dispatcher: Dispatcher, options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData>;
}

export async function loadUndici(): Promise<UndiciParts> {
  const [agent, proxyAgent, api] = await Promise.all([
    // @ts-expect-error undici types its index only
    import('undici/lib/dispatcher/agent.js'),
    // @ts-expect-error undici types its index only
    import('undici/lib/dispatcher/proxy-agent.js'),
    // @ts-expect-error undici types its index only
    import('undici/lib/api/index.js'),
  ]);
  return {
    Agent: agent.default,
    ProxyAgent: proxyAgent.default,
    request: (dispatcher, options) => api.default.request.call(dispatcher, options),
  };
}
