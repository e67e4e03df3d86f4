// What runs for long: the agent, in a cluster or on its own.
export { type AgentOptions, runAgent } from './agent.ts';
export { createLog } from './log.ts';
export { type Standalone, type StandaloneOptions, startStandalone } from './standalone.ts';
