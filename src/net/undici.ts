// The parts of undici that are needed, loaded when the first request is made: its whole index takes some 50 ms
// longer (fetch, WebSocket and caches come with it), a third of what a scan of known layers may take.
import type { Agent, ProxyAgent } from 'undici';

export interface UndiciParts {
  Agent: typeof Agent;
  ProxyAgent: typeof ProxyAgent;
}

export async function loadUndici(): Promise<UndiciParts> {
  const [dispatcher, api, agent, proxyAgent] = await Promise.all([
    // @ts-expect-error undici types its index only
    import('undici/lib/dispatcher/dispatcher.js'),
    // @ts-expect-error undici types its index only
    import('undici/lib/api/index.js'),
    // @ts-expect-error undici types its index only
    import('undici/lib/dispatcher/agent.js'),
    // @ts-expect-error undici types its index only
    import('undici/lib/dispatcher/proxy-agent.js'),
  ]);
  // its index does the same: request() and connect() are kept apart from what they are called on
  Object.assign(dispatcher.default.prototype, api.default);
  return { Agent: agent.default, ProxyAgent: proxyAgent.default };
}
