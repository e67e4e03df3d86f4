// What runs for long: the agent, in a cluster or on its own, and the server.
export { type AgentOptions, runAgent } from './agent.ts';
export { readConfig, type ServerConfig } from './config.ts';
export { type ServerOption, serverOptions } from './configoptions.ts';
export { createLog } from './log.ts';
export { type Served, serveHub } from './serve.ts';
export { type Standalone, type StandaloneOptions, startStandalone } from './standalone.ts';
