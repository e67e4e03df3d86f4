// Who may do what at the registry's door; the server's own access comes in its place later.
import { timingSafeEqual } from 'node:crypto';

export type Action = 'pull' | 'push' | 'delete' | 'catalog';

export interface AccessRequest {
  /** The Authorization header. */
  authorization: string | undefined;
  /** Undefined for `/v2/` and the catalogue. */
  repository: string | undefined;
  action: Action;
}

export type AccessAnswer =
  | { allow: true }
  /** 401 with this WWW-Authenticate. */
  | { allow: false; challenge: string }
  /** 403: known, but may not. */
  | { allow: false; reason: string };

export type Access = (request: AccessRequest) => AccessAnswer | Promise<AccessAnswer>;

export const openAccess: Access = () => ({ allow: true });

/** One user with one password. */
export function basicAccess(username: string, password: string, realm = 'seaworthy'): Access {
  const expected = Buffer.from(`Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`);
  return ({ authorization }) => {
    const got = Buffer.from(authorization ?? '');
    return got.length === expected.length && timingSafeEqual(got, expected)
      ? { allow: true }
      : { allow: false, challenge: `Basic realm="${realm}"` };
  };
}

export interface BearerOptions {
  /** URL of the token endpoint. */
  realm: string;
  service: string;
  /** What a token may do; undefined for one that is not valid. */
  verify(token: string, request: AccessRequest): boolean | undefined;
}

/** The distribution specification's token authentication: the token says what it is for, the challenge asks for it. */
export function bearerAccess({ realm, service, verify }: BearerOptions): Access {
  return (request) => {
    const token = /^Bearer ([\x21-\x7e]+)$/i.exec(request.authorization ?? '')?.[1];
    if (token !== undefined && verify(token, request) === true) return { allow: true };
    const actions = request.action === 'push' ? 'pull,push' : request.action;
    const scope =
      request.repository === undefined ? '' : `,scope="repository:${request.repository}:${actions}"`;
    return { allow: false, challenge: `Bearer realm="${realm}",service="${service}"${scope}` };
  };
}
