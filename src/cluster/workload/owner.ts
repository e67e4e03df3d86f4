// Who keeps an object as it is: a GitOps controller, a release, an operator; what such a one keeps, it puts back.
import { groupOf } from './kinds.ts';

export type OwnerKind =
  | 'argocd'
  | 'flux'
  | 'helm'
  | 'fleet'
  | 'kapp'
  | 'config-sync'
  | 'addon-manager'
  | 'operator';

export interface Owner {
  by: OwnerKind;
  /** The application, release or object that owns it; as far as it says. */
  name: string;
  /** What it was told by: `annotation meta.helm.sh/release-name`. */
  evidence: string;
}

/** The part of an object that says who keeps it. */
export interface Owned {
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    ownerReferences?: readonly { apiVersion: string; kind: string; name: string; controller?: boolean }[];
    managedFields?: readonly { manager?: string; operation?: string; subresource?: string }[];
  };
}

/** Kinds of these groups are Kubernetes' own: what they control is found through them. */
const builtIn = new Set(['', 'apps', 'batch']);

/** The one that would put a change back; the outermost where several had a hand in it. Undefined: nobody known. */
export function ownerOf(object: Owned): Owner | undefined {
  return argo(object) ?? flux(object) ?? others(object) ?? helm(object) ?? operator(object);
}

/** The tracking id names its object: a copy of it on another object, as operators make, owns nothing. */
function argo(object: Owned): Owner | undefined {
  const tracking = annotation(object, 'argocd.argoproj.io/tracking-id');
  const [, app, kind, name] = /^([^:]*):[^:]*\/([^:/]+):[^:]*\/([^:/]+)$/.exec(tracking ?? '') ?? [];
  if (app !== undefined && kind === object.kind && name === object.metadata.name)
    return owner('argocd', app, 'annotation argocd.argoproj.io/tracking-id');
  const marked = label(object, 'argocd.argoproj.io/instance');
  if (marked !== undefined) return owner('argocd', marked, 'label argocd.argoproj.io/instance');
  const manager = managerOf(object, /^argocd/);
  if (manager === undefined) return undefined;
  return owner('argocd', label(object, 'app.kubernetes.io/instance') ?? '', `field manager ${manager}`);
}

function flux(object: Owned): Owner | undefined {
  for (const group of ['kustomize.toolkit.fluxcd.io', 'helm.toolkit.fluxcd.io']) {
    const name = label(object, `${group}/name`);
    if (name === undefined) continue;
    const namespace = label(object, `${group}/namespace`);
    return owner('flux', namespace === undefined ? name : `${namespace}/${name}`, `label ${group}/name`);
  }
  const manager = managerOf(object, /^(?:kustomize-controller|helm-controller)$/);
  return manager === undefined ? undefined : owner('flux', '', `field manager ${manager}`);
}

const marks = [
  ['label', 'fleet.cattle.io/bundle-name', 'fleet'],
  ['annotation', 'objectset.rio.cattle.io/id', 'fleet'],
  ['label', 'kapp.k14s.io/app', 'kapp'],
  ['annotation', 'configsync.gke.io/resource-id', 'config-sync'],
  ['annotation', 'configmanagement.gke.io/managed', 'config-sync'],
  ['label', 'addonmanager.kubernetes.io/mode', 'addon-manager'],
  ['label', 'kubernetes.azure.com/managedby', 'addon-manager'],
] as const;

function others(object: Owned): Owner | undefined {
  for (const [where, key, by] of marks) {
    const value = where === 'label' ? label(object, key) : annotation(object, key);
    if (value !== undefined) return owner(by, value, `${where} ${key}`);
  }
  return undefined;
}

/** The label alone is a chart's text: `helm template | kubectl apply` leaves it and no release. */
function helm(object: Owned): Owner | undefined {
  const release = annotation(object, 'meta.helm.sh/release-name');
  if (release !== undefined && label(object, 'app.kubernetes.io/managed-by') === 'Helm')
    return owner('helm', release, 'annotation meta.helm.sh/release-name');
  const manager = managerOf(object, /^helm$/i);
  return manager === undefined ? undefined : owner('helm', release ?? '', `field manager ${manager}`);
}

function operator(object: Owned): Owner | undefined {
  const owners = object.metadata.ownerReferences;
  const controller = Array.isArray(owners)
    ? owners.find((one) => one?.controller === true && typeof one.apiVersion === 'string')
    : undefined;
  if (controller === undefined || builtIn.has(groupOf(controller.apiVersion))) return undefined;
  return owner('operator', `${controller.kind}/${controller.name}`, `owner ${controller.apiVersion}`);
}

function owner(by: OwnerKind, name: string, evidence: string): Owner {
  return { by, name, evidence };
}

function label({ metadata }: Owned, key: string): string | undefined {
  return textAt(metadata.labels, key);
}

function annotation({ metadata }: Owned, key: string): string | undefined {
  return textAt(metadata.annotations, key);
}

function textAt(map: Record<string, string> | undefined, key: string): string | undefined {
  const value: unknown = map !== undefined && Object.hasOwn(map, key) ? map[key] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Only who wrote the object itself: controllers write its status. */
function managerOf({ metadata: { managedFields } }: Owned, pattern: RegExp): string | undefined {
  const found = Array.isArray(managedFields)
    ? managedFields.find(
        (field) => typeof field?.manager === 'string' && !field.subresource && pattern.test(field.manager),
      )
    : undefined;
  return found?.manager;
}
