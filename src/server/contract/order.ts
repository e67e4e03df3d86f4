// Rollout orders: what a server asks a cluster to do, signed, so that an agent obeys nobody else and nothing twice.
import { type KeyObject, sign, verify } from 'node:crypto';
import { Fault, parseJson } from '../../core/index.ts';

export type OrderFaultCode = 'order-invalid';

export class OrderFault extends Fault<OrderFaultCode> {}

export interface Order {
  id: string;
  /** The one that it is for; no other obeys it. */
  cluster: string;
  /** Grows by one with each order to a cluster: what is not newer was there before. */
  sequence: number;
  /** Workloads that run this digest of the repository move to the other one. */
  domain: string;
  repository: string;
  from: string;
  to: string;
  cause: string;
  /** Ms since 1970. */
  issuedAt: number;
  expiresAt: number;
}

export interface SignedOrder {
  /** JSON of an Order, base64. */
  payload: string;
  /** Ed25519 over the type, a zero byte and the payload's bytes; base64. */
  signature: string;
}

const type = 'application/vnd.seaworthy.order.v1+json\0';
const digestShape = /^sha256:[a-f0-9]{64}$|^sha512:[a-f0-9]{128}$/;

function signedBytes(payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from(type), payload]);
}

export function signOrder(order: Order, key: KeyObject): SignedOrder {
  const payload = Buffer.from(JSON.stringify(order));
  return {
    payload: payload.toString('base64'),
    signature: sign(null, signedBytes(payload), key).toString('base64'),
  };
}

/** Throws OrderFault for one that another key signed, for another cluster, expired, or of another shape. */
export function readOrder(signed: SignedOrder, key: KeyObject, cluster: string, now: number): Order {
  const payload = Buffer.from(String(signed.payload), 'base64');
  if (payload.length > 16_384) throw invalid('expected an order of at most 16384 bytes, got more');
  if (!verify(null, signedBytes(payload), key, Buffer.from(String(signed.signature), 'base64')))
    throw invalid(
      'expected an order signed by the key of the server, got one by another key or changed on the way',
    );
  const order = parseJson(payload.toString('utf8')) as Partial<Order> | null;
  if (!isOrder(order)) throw invalid('expected an order, got another document');
  if (order.cluster !== cluster)
    throw invalid(`expected an order to ${cluster}, got one to ${order.cluster.slice(0, 100)}`);
  if (order.expiresAt <= now)
    throw invalid(`expected an order that has not expired, got ${order.id}, which has`);
  return order;
}

function isOrder(order: Partial<Order> | null): order is Order {
  if (order === null || typeof order !== 'object') return false;
  const { id, cluster, sequence, domain, repository, from, to, cause, issuedAt, expiresAt } = order;
  return (
    [id, cluster, domain, repository, from, to, cause].every((text) => typeof text === 'string') &&
    [sequence, issuedAt, expiresAt].every((value) => Number.isSafeInteger(value)) &&
    digestShape.test(from!) &&
    digestShape.test(to!)
  );
}

function invalid(message: string): OrderFault {
  return new OrderFault('order-invalid', message, {
    hint: 'see who speaks for the server: the order is not obeyed',
  });
}

/** What became of an order. `refused`: the agent did not obey it. */
export type OrderState = 'running' | 'done' | 'returned' | 'failed' | 'nothing' | 'refused';

export interface OrderReport {
  state: OrderState;
  text: string;
}

/** One container of one workload. */
export interface RunningItem {
  namespace: string;
  kind: string;
  name: string;
  container: string;
  /** As its pods name it. */
  reference: string;
  digest: string;
}
