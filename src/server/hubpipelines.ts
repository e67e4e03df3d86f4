// The pipelines of a configuration, ready to be asked.
import type { Clock, Home } from '../core/index.ts';
import type { HttpClient } from '../net/index.ts';
import {
  azureAuthorization,
  azurePipelines,
  buildah,
  jenkins,
  type Pipeline,
  secretFrom,
} from '../renewal/pipeline/index.ts';
import type { Credentials } from '../transport/index.ts';
import type { ServerConfig } from './config.ts';

export interface PipelineParts {
  http: HttpClient;
  home: Home;
  env: NodeJS.ProcessEnv;
  clock: Clock;
  /** Registries' own logins, for what is built on this machine. */
  credentials: Credentials;
}

type Settings = NonNullable<NonNullable<ServerConfig['renewal']>['pipelines']>[number];

/** By name. Throws PipelineFault where a mapping or an address can never work. */
export function pipelinesOf(config: ServerConfig, parts: PipelineParts): Map<string, Pipeline> {
  return new Map((config.renewal?.pipelines ?? []).map((one) => [one.name, pipelineOf(one, config, parts)]));
}

function pipelineOf(settings: Settings, config: ServerConfig, parts: PipelineParts): Pipeline {
  const { http, home, env, clock, credentials } = parts;
  if (settings.azurePipelines !== undefined) {
    const { tokenFile, branch, parameters, ...rest } = settings.azurePipelines;
    const login = tokenFile === undefined ? {} : { tokenFile: config.file(tokenFile) };
    return azurePipelines({
      ...rest,
      http,
      authorization: azureAuthorization({ http, env, clock, ...login }),
      ...(branch === undefined ? {} : { branch }),
      ...(parameters === undefined ? {} : { parameters }),
    });
  }
  if (settings.jenkins !== undefined) {
    const { url, job, user, tokenFile, parameters } = settings.jenkins;
    const secret = () => secretFrom(config.file(tokenFile));
    return jenkins({
      ...{ http, clock, url, job, user, secret },
      ...(parameters === undefined ? {} : { parameters }),
    });
  }
  const { context, ref, directory, dockerfile, target, args } = settings.buildah!;
  const { caFile, plainHttp } = config.registries ?? {};
  const isUrl = /^[a-z][a-z0-9+.-]*:\/\/|^[\w.-]+@[^/]+:/i.test(context);
  return buildah({
    ...{ home, env, clock, credentials },
    context: isUrl ? context : config.file(context),
    ...(ref === undefined ? {} : { ref }),
    ...(directory === undefined ? {} : { directory }),
    ...(dockerfile === undefined ? {} : { dockerfile }),
    ...(target === undefined ? {} : { target }),
    ...(args === undefined ? {} : { args }),
    ...(caFile === undefined ? {} : { caFile: config.file(caFile) }),
    ...(plainHttp === undefined ? {} : { plainHttp }),
  });
}
