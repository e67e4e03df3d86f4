// The embedded registry's door: a token as the password, under any name.
import type { Access } from '../../registry/index.ts';
import { mayDo, type Right } from './may.ts';
import type { Tokens } from './tokens.ts';

/** `anonymous`: what needs no token. */
export function registryAccess(tokens: Tokens, anonymous: 'none' | 'pull' | 'push'): Access {
  const open: readonly Right[] = { none: [], pull: ['pull'], push: ['pull', 'push'] }[anonymous] as Right[];
  return async ({ authorization, action }) => {
    const right: Right = action === 'catalog' ? 'pull' : action;
    const given = /^Basic ([A-Za-z0-9+/=]{1,4096})$/i.exec(authorization ?? '')?.[1];
    if (given === undefined)
      return open.includes(right) ? { allow: true } : { allow: false, challenge: 'Basic realm="seaworthy"' };
    const text = Buffer.from(given, 'base64').toString('utf8');
    const caller = await tokens.find(text.slice(text.indexOf(':') + 1));
    if (caller === undefined) return { allow: false, challenge: 'Basic realm="seaworthy"' };
    return mayDo(caller, right)
      ? { allow: true }
      : { allow: false, reason: `expected a token that may ${right}, got one of role ${caller.role}` };
  };
}
