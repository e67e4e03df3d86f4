// The server's API as its clients know it.
export { type AgentApi, type AgentApiOptions, createAgentApi } from './agent.ts';
export type * from './answers.ts';
export { type Api, type ApiOptions, createApi } from './client.ts';
export { ServerFault, type ServerFaultCode } from './fault.ts';
export type * from './lineageanswers.ts';
export { type OptionName, optionNames } from './optionnames.ts';
export {
  type Order,
  OrderFault,
  type OrderFaultCode,
  type OrderReport,
  type OrderState,
  type RunningItem,
  readOrder,
  type SignedOrder,
  signOrder,
} from './order.ts';
export type * from './recordanswers.ts';
export type * from './workanswers.ts';
