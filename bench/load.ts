// An open-loop load over keep-alive TLS: requests leave at their times whatever the answers do, and each latency counts
// from when the request was due, so a server that stalls is charged for all that waited (coordinated omission).
import { Agent, request } from 'node:https';
import { parentPort, workerData } from 'node:worker_threads';

export interface Load {
  url: string;
  ca: string;
  /** Requests a second. */
  rate: number;
  seconds: number;
  connections: number;
  bodies: readonly string[];
}

export interface Loaded {
  /** Ms, sorted. */
  latencies: number[];
  /** Answers that were no allow, by what they were. */
  others: Record<string, number>;
  /** Ms that the last request left after it was due: the generator's own fault. */
  lateness: number;
}

const { url, ca, rate, seconds, connections, bodies } = workerData as Load;
const agent = new Agent({ keepAlive: true, maxSockets: connections, ca });
const latencies: number[] = [];
const others: Record<string, number> = {};
let lateness = 0;

function send(body: string, due: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (said: string) => {
      latencies.push(performance.now() - due);
      if (said !== 'allow') others[said] = (others[said] ?? 0) + 1;
      resolve();
    };
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const asked = request(url, { method: 'POST', agent, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => {
        const text = Buffer.concat(parts).toString('utf8');
        done(
          response.statusCode === 200 && JSON.parse(text).response.allowed === true
            ? 'allow'
            : text.slice(0, 300),
        );
      });
    });
    asked.on('error', (error) => done(error.message));
    asked.end(body);
  });
}

const count = Math.round(rate * seconds);
const started = performance.now() + 50;
const sent: Promise<void>[] = [];
await new Promise<void>((resolve) => {
  const tick = () => {
    const now = performance.now();
    while (sent.length < count) {
      const due = started + (sent.length * 1000) / rate;
      if (due > now) break;
      lateness = Math.max(lateness, now - due);
      sent.push(send(bodies[sent.length % bodies.length]!, due));
    }
    if (sent.length === count) resolve();
    // A timer is a millisecond late at least: the last of them is spent asking again and again.
    else if (started + (sent.length * 1000) / rate - performance.now() > 2) setTimeout(tick, 1);
    else setImmediate(tick);
  };
  tick();
});
await Promise.all(sent);
agent.destroy();
parentPort!.postMessage({ latencies: latencies.sort((a, b) => a - b), others, lateness } satisfies Loaded);
