// The answering side of an OIDC issuer: its discovery document and its keys, the two things Fulcio asks for.
import { workerData } from 'node:worker_threads';
import { listen } from './listen.ts';

listen(({ path, url }) => {
  if (path === '/.well-known/openid-configuration')
    return {
      issuer: url,
      authorization_endpoint: `${url}/authorize`,
      token_endpoint: `${url}/token`,
      jwks_uri: `${url}/keys`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
    };
  if (path === '/keys') return { keys: [workerData.jwk] };
  return undefined;
});
