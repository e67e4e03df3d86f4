// Mutants of renewals and of the server's door: what is never laundered, overwritten, obeyed twice (issue 7).
import { type Mutant, mutantsOf } from './mutant.ts';

const renew = ['src/renewal/renew.test.ts'];
const unsafe = ['src/renewal/unsafe.test.ts'];
const access = ['src/server/access/access.test.ts'];
const orders = ['src/server/contract/order.test.ts'];
const obeyed = ['src/server/obey.test.ts'];

export const renewalMutants: readonly Mutant[] = [
  ...mutantsOf('src/renewal/predecessor.ts', renew, [
    {
      name: 'renewal: a rule that the predecessor did not meet is signed for',
      find: "one.rule === rule && one.outcome === 'met'",
      replace: 'one.rule === rule',
      red: ['trust (sqlite) > is not laundered'],
    },
  ]),
  ...mutantsOf('src/renewal/signing.ts', renew, [
    {
      name: 'renewal: what is worse than its predecessor goes on',
      find: 'return worse === undefined',
      replace: 'return true',
      red: ['trust (sqlite) > what is worse than its predecessor'],
    },
  ]),
  ...mutantsOf('src/renewal/tagging.ts', renew, [
    {
      name: 'renewal: a push of somebody else is overwritten',
      find: 'if (now !== image.from_digest)',
      replace: 'if (now === undefined)',
      red: ['trust (sqlite) > somebody’s own push'],
    },
  ]),
  ...mutantsOf('src/renewal/rolling.ts', renew, [
    {
      name: 'renewal: taking back moves a tag that somebody else moved',
      find: 'if (now === image.to_digest)\n',
      replace: 'if (now !== undefined)\n',
      red: ['a rollout (sqlite) > of an image that somebody moved meanwhile'],
    },
  ]),
  ...mutantsOf('src/renewal/making.ts', unsafe, [
    {
      name: 'renewal: a pipeline is believed about what it pushed',
      find: 'if (look.digest !== undefined && look.digest !== digest)',
      replace: 'if (false)',
      red: ['an unsafe rebase (sqlite) > whose pipeline names another digest'],
    },
    {
      name: 'renewal: a pipeline may build on another base',
      find: 'if (others.length > 0)',
      replace: 'if (false)',
      red: ['an unsafe rebase (sqlite) > whose pipeline builds on another base'],
    },
    {
      name: 'renewal: a pipeline may leave out a platform',
      find: 'if (missing.length > 0)',
      replace: 'if (false)',
      red: ['an unsafe rebase (sqlite) > whose pipeline leaves out a platform'],
    },
    {
      name: 'renewal: a pipeline that hangs is waited for for ever',
      find: 'if (age > patience) {',
      replace: 'if (false) {',
      red: ['an unsafe rebase (sqlite) > whose pipeline hangs'],
    },
  ]),
  ...mutantsOf('src/renewal/begin.ts', renew, [
    {
      name: 'renewal: a base that is not allowed itself moves what stands on it',
      find: ": verdict.decision === 'allow'\n",
      replace: ': true\n',
      red: ['a base moved (sqlite) > an unsigned base moves nothing'],
    },
    {
      name: 'renewal: a base that is held is renewed on',
      find: 'hold !== undefined\n',
      replace: 'false\n',
      red: ['a rollout (sqlite) > that comes back'],
    },
  ]),
  ...mutantsOf('src/server/access/tokens.ts', access, [
    {
      name: 'access: any secret of a known id is let in',
      find: 'if (!isRight || row === undefined',
      replace: 'if (row === undefined',
      red: ['another secret, an unknown id'],
    },
    {
      name: 'access: a revoked token is let in',
      find: 'row === undefined || row.revoked_at !== null',
      replace: 'row === undefined',
      red: ['another secret, an unknown id'],
    },
    {
      name: 'access: an expired token is let in',
      find: 'if (row.expires_at !== null && row.expires_at <= now)',
      replace: 'if (false)',
      red: ['another secret, an unknown id'],
    },
  ]),
  ...mutantsOf('src/server/contract/order.ts', orders, [
    {
      name: 'orders: one by another key is obeyed',
      find: 'if (!verify(',
      replace: 'if (false && !verify(',
      red: ['one by another key', 'one that was changed on the way', 'one without a signature'],
    },
    {
      name: 'orders: one to another cluster is obeyed',
      find: 'if (order.cluster !== cluster)',
      replace: 'if (false)',
      red: ['one to another cluster'],
    },
    {
      name: 'orders: an expired one is obeyed',
      find: 'if (order.expiresAt <= now)',
      replace: 'if (false)',
      red: ['one that has expired'],
    },
  ]),
  ...mutantsOf('src/server/obey.ts', obeyed, [
    {
      name: 'orders: one that was there before is obeyed again',
      find: 'if (sequence <= memory.accepted) return undefined;',
      replace: '',
      red: ['an order that was there before is not obeyed again'],
    },
  ]),
];
