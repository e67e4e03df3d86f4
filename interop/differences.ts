// Where we and a peer differ on the suite's images, and the rule that decides it.

export interface Difference {
  /** Who has the finding that the other lacks. */
  who: 'us' | 'them';
  /** `PACKAGE ADVISORY`. */
  fits(key: string): boolean;
  why: string;
}

const starts = (prefix: string) => (key: string) => key.startsWith(prefix);
const is = (exact: string) => (key: string) => key === exact;

export const differences: Record<string, readonly Difference[]> = {
  'debian-old': [
    {
      who: 'us',
      fits: (key) => /^(?:linux|linux-[\w.-]+) DEBIAN-/.test(key),
      why: 'osv-scanner drops every package of a kernel source that installs no program; we do so for headers alone, and name the reason',
    },
  ],
  alma: [
    {
      who: 'them',
      fits: starts('nginx-mod-devel ALSA-'),
      why: 'fixes of modular builds (nginx:1.22 and later) do not reach a package without a module label',
    },
  ],
  python: [
    {
      who: 'us',
      fits: is('werkzeug GHSA-87hc-h4r5-73f7'),
      why: 'the record says Werkzeug: names are compared after PEP 503',
    },
  ],
  java: [
    {
      who: 'us',
      fits: starts('org.apache.tomcat.embed:tomcat-embed-core GHSA-'),
      why: 'Tomcat’s jars hold no pom.properties: their group comes from the table of well-known artifacts',
    },
  ],
  go: [
    {
      who: 'them',
      fits: is('golang.org/x/crypto GO-2024-2961'),
      why: 'the record is of Windows alone (ecosystem_specific.imports[].goos): not_affected, shown',
    },
  ],
  rust: [
    {
      who: 'them',
      fits: is('time GHSA-wcg3-cvx6-7396'),
      why: 'its bounds 0.1 and 0.2 are no semantic versions: undecided range-unknown',
    },
  ],
  dotnet: [
    {
      who: 'us',
      fits: (key) => /^jQuery GHSA-/.test(key),
      why: 'the record says jquery: NuGet’s names do not tell case apart',
    },
  ],
};
