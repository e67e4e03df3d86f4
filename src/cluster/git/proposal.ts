// What a pull request asks for, on whatever host.
export interface Proposal {
  branch: string;
  base: string;
  title: string;
  body: string;
}
