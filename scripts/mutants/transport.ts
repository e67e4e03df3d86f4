// Mutants of transport: credentials go to the exact host they belong to (N9).
import { type Mutant, mutantsOf } from './mutant.ts';

const tests = ['src/transport/remote/auth.test.ts'];
const kept = ['src/transport/remote/registries.test.ts'];

export const transport: readonly Mutant[] = [
  ...mutantsOf('src/transport/remote/token.ts', tests, [
    {
      name: 'credentials are sent to a token realm on another host',
      find: 'if (url.host === registry.base.host || credential === undefined) return url;',
      replace: 'return url;',
      red: [
        'a registry that wants a token > whose realm is another host',
        'a realm > of Docker Hub may see its credentials',
      ],
    },
    {
      name: 'a public registry may name a token realm on this machine',
      find: 'if (isLoopbackHost(url.hostname) && !isLoopbackHost(registry.base.hostname))',
      replace: 'if (isLoopbackHost(url.hostname) && url.hostname === "")',
      red: ['a realm > is https, and no place on this machine'],
    },
  ]),
  ...mutantsOf('src/transport/remote/credentials.ts', tests, [
    {
      name: 'credentials are found by a part of the host',
      find: 'plainKey(key) === name)',
      replace: 'name.includes(plainKey(key)))',
      red: [
        'credential files > are matched by the exact host',
        'credential files > of podman narrow by repository',
      ],
    },
    {
      name: 'a credential file is read once for ever',
      find: 'if (known?.version !== version) {',
      replace: 'if (known === undefined) {',
      red: ['credential files > are read again once they are others'],
    },
  ]),
  ...mutantsOf(
    'src/transport/remote/azure.ts',
    ['src/transport/remote/azure.test.ts'],
    [
      {
        name: "a registry's token is used past its end",
        find: '(expiryIn(credential.token) ?? Number.POSITIVE_INFINITY) - margin',
        replace: 'Number.POSITIVE_INFINITY',
        red: ['Azure Container Registry > is exchanged again before it ends'],
      },
    ],
  ),
  ...mutantsOf('src/transport/remote/registries.ts', kept, [
    {
      name: 'a connection is made anew each time',
      find: 'let registry = kept.get(domain);',
      replace: 'let registry: Registry | undefined;',
      red: [
        'connections that are kept > ask for a token once: a tag that is polled costs one HEAD',
        'connections that are kept > are a hundred at most, the ones used last',
      ],
    },
  ]),
  ...mutantsOf('src/transport/remote/documents.ts', kept, [
    {
      name: 'what one repository gave is given for another',
      find: '[kind, domain, repository, digest]',
      replace: '[kind, domain, digest]',
      red: ['connections that are kept > take nothing from one repository for another'],
    },
    {
      name: 'documents are kept for ever',
      find: 'this.#clock.now().getTime() - found.at < keptFor',
      replace: 'this.#clock.now().getTime() - found.at < Number.POSITIVE_INFINITY',
      red: [
        'connections that are kept > read what a digest names once in five minutes, what a tag names each time',
      ],
    },
  ]),
  ...mutantsOf('src/transport/remote/pull.ts', kept, [
    {
      name: 'a kept blob is given whatever size is claimed',
      find: 'if (kept?.length === blob.size) return kept;',
      replace: 'if (kept !== undefined) return kept;',
      red: ['connections that are kept > keep nothing that is not what the digest names'],
    },
  ]),
];
