// seaworthy admit: sends manifests to an agent as the AdmissionReview that an API server would send.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Command } from 'commander';
import { isFault, messageOf } from '../core/index.ts';
import { createClient, type HttpClient } from '../net/index.ts';
import { objectsIn, type TextSource, textsOf } from './admitobjects.ts';
import { exitCodes } from './failure.ts';
import { CliFault } from './fault.ts';
import { readText } from './files.ts';
import { openSetting } from './setting.ts';

interface Options extends TextSource {
  agent: string;
  agentCa?: string;
  namespace: string;
  user: string;
  group: string[];
  audit?: boolean;
  dryRun?: boolean;
  old?: string;
  mutate: boolean;
}

type Json = Record<string, unknown>;

export function admitCommand(): Command {
  return new Command('admit')
    .description('Ask an agent what it would answer the API server for these manifests.')
    .argument('<file...>', 'manifests, YAML or JSON; - reads standard input')
    .option('--agent <url>', 'agent to ask', 'https://127.0.0.1:8443')
    .option('--agent-ca <file>', 'authority of its certificate (default: that of the agent of this home)')
    .option('-n, --namespace <name>', 'namespace of objects that name none', 'default')
    .option('--user <name>', 'who asks', 'kubernetes-admin')
    .option('--group <name...>', 'groups of who asks', ['system:masters', 'system:authenticated'])
    .option('--audit', 'as in a namespace that does not enforce')
    .option('--dry-run', 'as kubectl --dry-run=server')
    .option('--old <file>', 'the object as it was before: an update is asked')
    .option('--no-mutate', 'do not ask for digests first')
    .option('--git <dir|url>', 'the files as they stand in a repository of manifests')
    .option('--git-base <branch>', 'its branch (default: the default branch)')
    .addHelpText(
      'after',
      `
Examples:
  $ seaworthy admit deployment.yaml --namespace shop
  $ seaworthy admit --git https://git.example.com/team/manifests deploy/shop.yaml

Exit codes: 0 all admitted, 1 refused, 2 wrong usage or no agent.`,
    )
    .action(run);
}

async function run(files: string[], options: Options, command: Command): Promise<void> {
  const setting = openSetting(command);
  let http: HttpClient | undefined;
  try {
    const client = createClient({
      tls: { ca: readText(options.agentCa ?? join(setting.home.root, 'agent', 'ca.crt')) },
    });
    http = client;
    const old =
      options.old === undefined ? undefined : (await objectsIn(options.old, readText(options.old)))[0];
    let refused = 0;
    for (const [file, text] of await textsOf(files, options, setting.signal))
      for (const object of await objectsIn(file, text)) {
        const { allowed, lines } = await admit(object, old, options, (path, body) =>
          ask(client, options.agent, path, body),
        );
        if (!allowed) refused++;
        process.stdout.write(lines.map((line) => `${line}\n`).join(''));
      }
    process.exitCode = refused === 0 ? exitCodes.done : exitCodes.failed;
  } finally {
    await http?.close();
    await setting.close();
  }
}

interface Answer {
  allowed: boolean;
  status?: { message?: string };
  warnings?: string[];
  patch?: string;
}

async function admit(
  object: Json,
  old: Json | undefined,
  options: Options,
  send: (path: string, body: string) => Promise<Answer>,
): Promise<{ allowed: boolean; lines: string[] }> {
  const review = (current: Json) => JSON.stringify(reviewOf(current, old, options));
  const lines: string[] = [];
  let current = object;
  if (options.mutate && options.audit !== true) {
    const { patch } = await send('/mutate', review(current));
    if (patch !== undefined) {
      const operations = JSON.parse(Buffer.from(patch, 'base64').toString('utf8')) as Operation[];
      current = operations.reduce(patched, structuredClone(object));
      for (const { op, value } of operations)
        if (op === 'replace') lines.push(`  digest put in: ${String(value)}`);
    }
  }
  const answer = await send(options.audit === true ? '/admit/audit' : '/admit/enforce', review(current));
  const webhook = options.audit === true ? 'audit.admit.seaworthy.dev' : 'enforce.admit.seaworthy.dev';
  const { kind, name } = nameOf(object);
  return {
    allowed: answer.allowed,
    lines: [
      ...(answer.warnings ?? []).map((text) => `Warning: ${text}`),
      answer.allowed
        ? `${kind.toLowerCase()}/${name} admitted${options.dryRun === true ? ' (dry run)' : ''}`
        : `Error from server (Forbidden): ${kind.toLowerCase()}/${name}: admission webhook "${webhook}" denied the request: ${answer.status?.message ?? ''}`,
      ...(answer.allowed ? lines : []),
    ],
  };
}

interface Operation {
  op: string;
  path: string;
  value?: unknown;
}

/** The agent's patches test a text and replace it, nothing else. */
function patched(object: Json, { op, path, value }: Operation): Json {
  const keys = path
    .slice(1)
    .split('/')
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = keys.pop()!;
  const parent = keys.reduce<unknown>((at, key) => (at as Json)[key], object) as Json;
  if (op === 'replace') parent[last] = value;
  return object;
}

function reviewOf(object: Json, old: Json | undefined, options: Options): Json {
  const { kind, name } = nameOf(object);
  const apiVersion = String(object['apiVersion'] ?? 'v1');
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  const metadata = (object['metadata'] ?? {}) as Json;
  const namespace = typeof metadata['namespace'] === 'string' ? metadata['namespace'] : options.namespace;
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: randomUUID(),
      kind: { group, version, kind },
      name,
      namespace,
      operation: old === undefined ? 'CREATE' : 'UPDATE',
      userInfo: { username: options.user, groups: options.group },
      object: { ...object, metadata: { ...metadata, namespace } },
      oldObject: old ?? null,
      dryRun: options.dryRun ?? false,
    },
  };
}

function nameOf(object: Json): { kind: string; name: string } {
  const metadata = (object['metadata'] ?? {}) as Json;
  return {
    kind: String(object['kind'] ?? 'Object'),
    name: String(metadata['name'] ?? metadata['generateName'] ?? ''),
  };
}

async function ask(
  http: ReturnType<typeof createClient>,
  agent: string,
  path: string,
  body: string,
): Promise<Answer> {
  const url = `${agent.replace(/\/+$/, '')}${path}?timeout=10s`;
  try {
    const response = await http.request({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(body),
      retries: 0,
    });
    const text = await response.text();
    if (response.status !== 200)
      throw new CliFault(
        'agent-failed',
        `expected an answer of ${url}, got status ${response.status}: ${text.slice(0, 300)}`,
      );
    const { response: answer } = JSON.parse(text) as { response?: Answer };
    if (typeof answer?.allowed !== 'boolean')
      throw new CliFault('agent-failed', `expected an AdmissionReview of ${url}, got another document`);
    return answer;
  } catch (error) {
    if (!isFault(error) || error.code !== 'connect-failed') throw error;
    throw new CliFault('agent-failed', `expected an agent at ${agent}, got none: ${messageOf(error)}`, {
      hint: 'Start one with `seaworthy agent --policy FILE`, or name it with --agent.',
    });
  }
}
