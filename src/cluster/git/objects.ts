// What is asked of a repository's objects and names, whoever answers: the system's git, or its files where there is none.

export interface TreeFile {
  path: string;
  /** `100644` or `100755`; links and submodules are left out. */
  mode: string;
  object: string;
  size: number;
}

export interface Mention {
  path: string;
  line: number;
}

export interface ChangedFile {
  path: string;
  mode: string;
  bytes: Buffer;
}

export const treeFiles = 200_000;
export const fileBytes = 4 << 20;
export const allBytes = 256 << 20;

/** Every call throws GitFault. Trees are named by a commit or a tree, names by `refs/…` or `HEAD` in full. */
export interface Objects {
  /** The commit that a name stands for. */
  commitAt(ref: string): Promise<string | undefined>;
  /** The name that a name stands for. */
  nameAt(ref: string): Promise<string | undefined>;
  /** Regular files below a directory; `git-limit` above `treeFiles`. */
  list(tree: string, directory: string): Promise<TreeFile[]>;
  /** Contents by path; `git-limit` above `allBytes`. */
  read(files: readonly TreeFile[]): Promise<Map<string, Buffer>>;
  /** Lines of a tree that hold one of the texts, whatever the file is. */
  mentions(tree: string, directory: string, texts: readonly string[]): Promise<Mention[]>;
  /** A tree in which the files have other contents; everything else is the same. */
  replace(commit: string, changed: readonly ChangedFile[]): Promise<string>;
  isWithin(commit: string, of: string): Promise<boolean>;
  /** Whether a work tree stands on the branch. */
  isCheckedOut(branch: string): Promise<boolean>;
  commit(tree: string, parent: string, message: string): Promise<string>;
  /** From undefined: the name is new. Fails where the name stands for another commit meanwhile. */
  move(ref: string, to: string, from: string | undefined): Promise<void>;
}
