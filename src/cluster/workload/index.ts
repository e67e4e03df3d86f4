// Every kind that carries images: which they are, and how others are put in. Pure.
export {
  changedImages,
  type FoundImages,
  type ImageRole,
  type ImageUse,
  imagesOf,
  podSpecOf,
} from './images.ts';
export {
  apiVersionOf,
  groupOf,
  type Resource,
  type WorkloadKind,
  type WorkloadKindName,
  workloadKindOf,
  workloadKinds,
} from './kinds.ts';
export { type DigestChange, type MovedText, movedText, referenceOf } from './moved.ts';
export { type Owned, type Owner, type OwnerKind, ownerOf } from './owner.ts';
export { type JsonPatch, pointerOf, replaceText } from './set.ts';
