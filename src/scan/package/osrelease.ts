// What etc/os-release says of itself (os-release(5)), before anything is concluded from it.

export interface OsRelease {
  id: string;
  versionId?: string;
  versionCodename?: string;
  idLike: string[];
  name?: string;
  prettyName?: string;
  cpeName?: string;
  variantId?: string;
}
