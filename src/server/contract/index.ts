// The server's API as its clients know it.
export { type AgentApi, type AgentApiOptions, createAgentApi } from './agent.ts';
export type * from './answers.ts';
export { type Api, type ApiOptions, createApi, ServerFault, type ServerFaultCode } from './client.ts';
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
