// Version orders against the systems' own tools, on thousands of generated pairs each; nothing for apk, NuGet: neither
// apk-tools nor the .NET SDK can be had from the package registries that CI reaches.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { SemVer, satisfies } from 'semver';
import { compareVersions, orderOf } from '../src/scan/version/index.ts';

const peers = join(
  process.env['SEAWORTHY_PEERS'] ?? join(homedir(), '.cache', 'seaworthy-peers'),
  'versions',
);
const temporary = mkdtempSync(join(tmpdir(), 'versions-'));
mkdirSync(peers, { recursive: true });

type Answer = '<' | '=' | '>' | '!';
type Pair = readonly [string, string];

interface Tool {
  ecosystem: string;
  pairs: number;
  /** Versions that mutation starts from, and the characters it puts in. */
  seeds: string;
  alphabet: string;
  /** One answer a pair; `!`: it refuses one of the two. */
  ask(pairs: Pair[]): string[];
}

const tools: Record<string, Tool> = {
  'dpkg --compare-versions': {
    ecosystem: 'Debian',
    pairs: 2000,
    seeds:
      '1.0 1.0-1 1:1.0-1+deb12u1 2.7.4+reloaded2-13ubuntu1 1.2.3-1~bpo12+1 0~git20200101.abc-2 0:0 1-1-1 9.a+~b',
    alphabet: '0019.-~+:aAzZ_ ^',
    ask: askDpkg,
  },
  rpm: {
    ecosystem: 'Red Hat',
    pairs: 6000,
    seeds:
      '1.0 1.0-1.el9 1:1.0^git1-2 1.0~rc1 1.0~rc1^git1 5.5p10-0 3.10.0-229.1.2.ael7b 2_0 a1:1 0:1.2-3.module+el9 xyz10',
    alphabet: '0019.-~^+:aAzZ_é',
    ask: askRpm,
  },
  packaging: {
    ecosystem: 'PyPI',
    pairs: 6000,
    seeds:
      '1.0 1!1.0 1.0.dev1 1.0a1 1.0b2.post3.dev4 1.0rc1 1.0.post1 1.0-1 1.0+local.1 1.0+a-b 0.9.preview 1.0.r5 v2.0.0',
    alphabet: '0019.-_+!abcrdevpostALP ',
    ask: askPackaging,
  },
  'the Rust crate semver': {
    ecosystem: 'crates.io',
    pairs: 6000,
    seeds:
      '1.2.3 1.0.0-alpha 1.0.0-alpha.1 1.0.0-0.3.7 1.0.0-x-y-z.4 1.0.0+20130313 1.0.0-beta+exp.sha.5114f85 10.0.10',
    alphabet: '0019.-+azAv ',
    ask: askRust,
  },
  'node-semver': {
    ecosystem: 'npm',
    pairs: 6000,
    seeds:
      '1.2.3 v1.0.0-alpha 1.0.0-alpha.1 1.0.0-0.3.7 1.0.0-x-y-z.4 1.0.0+20130313 1.0.0-beta+exp.sha 9007199254740991.0.1',
    alphabet: '0019.-+azAv= ',
    ask: askNode,
  },
  'golang.org/x/mod/semver': {
    ecosystem: 'Go',
    pairs: 6000,
    seeds:
      'v1.2.3 v1 v1.2 v2.0.0+incompatible v0.0.0-20190101000000-aaaaaaaaaaaa v1.2.4-0.20200101000000-abcdef012345 v1.0.0-rc.1',
    alphabet: '0019.-+azAv',
    ask: askGo,
  },
  "Maven's ComparableVersion": {
    ecosystem: 'Maven',
    pairs: 8000,
    seeds:
      '1 1.0 1.0.0 1-SNAPSHOT 1.0-alpha-1 1.0.0.Final 1.2.jre11 1-ga-1 1-rc1 2.0.1-klm 1.0-beta2-SNAPSHOT 1..0 1-1.foo-bar1baz-.1 1-sp 20190126.230843 1cr 1-m3 1.0.RC2',
    alphabet: '0019.--abmxrcspgaRC_',
    ask: askMaven,
  },
};

for (const [name, tool] of Object.entries(tools))
  test(`${tool.ecosystem} versions are ordered, and refused, as by ${name}`, () => {
    const pairs = [...generate(tool)];
    const answers = tool.ask(pairs);
    assert.equal(answers.length, pairs.length, `${name} answered another number of pairs`);
    const wrong = pairs
      .map((pair, n) => ({ pair, tool: answers[n], ours: ourAnswer(tool.ecosystem, pair) }))
      .filter((x) => x.tool !== x.ours);
    assert.deepEqual(wrong.slice(0, 10), [], `${wrong.length} of ${pairs.length} pairs differ`);
    const count = (sign: Answer) => answers.filter((a) => a === sign).length;
    for (const sign of ['<', '=', '>'] as const)
      assert.ok(count(sign) > pairs.length / 50, `too few ${sign}`);
  });

function ourAnswer(ecosystem: string, [a, b]: Pair): Answer {
  const order = compareVersions(orderOf(ecosystem)!, a, b);
  return order === undefined ? '!' : order < 0 ? '<' : order > 0 ? '>' : '=';
}

/** A version, and the same one or another after one to three small changes. */
function* generate(tool: Tool): Generator<Pair> {
  const seeds = tool.seeds.split(' ');
  const random = randomFrom(20);
  const pick = <T>(from: ArrayLike<T>) => from[Math.floor(random() * from.length)]!;
  const mutate = (text: string) => {
    let result = text;
    for (let times = Math.floor(random() * 4); times > 0; times--) {
      const at = Math.floor(random() * (result.length + 1));
      const cut = at + Math.floor(random() * 2);
      result = result.slice(0, at) + (random() < 0.75 ? pick(tool.alphabet) : '') + result.slice(cut);
    }
    return result;
  };
  for (let n = 0; n < tool.pairs; n++) {
    const a = mutate(pick(seeds));
    const b = mutate(random() < 0.7 ? a : pick(seeds));
    if (askable(a) && askable(b)) yield [a, b];
  }
}

/** Neither missing nor, on a command line, an option. */
function askable(version: string): boolean {
  return version !== '' && !version.startsWith('-');
}

function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function run(command: string, args: string[], cwd = temporary): string[] {
  const out = execFileSync(command, args, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return out.trimEnd().split('\n');
}

/** One pair a line, the two parted by a tab. */
function pairsFile(pairs: Pair[]): string {
  const file = join(mkdtempSync(join(temporary, 'pairs-')), 'pairs');
  writeFileSync(file, pairs.map((pair) => `${pair.join('\t')}\n`).join(''));
  return file;
}

function aptInstall(binary: string, name: string): void {
  if (existsSync(`/usr/bin/${binary}`)) return;
  execFileSync('apt-get', ['update', '-qq'], { stdio: 'ignore' });
  execFileSync('apt-get', ['install', '-y', '-qq', name], { stdio: 'ignore' });
}

function askDpkg(pairs: Pair[]): string[] {
  const script = `while IFS= read -r line; do a="\${line%%$'\\t'*}"; b="\${line#*$'\\t'}"
    dpkg --compare-versions "$a" lt-nl "$b" 2>/dev/null; case $? in 0) echo '<'; continue;; 1) ;; *) echo '!'; continue;; esac
    if dpkg --compare-versions "$a" gt-nl "$b" 2>/dev/null; then echo '>'; else echo '='; fi
  done < "$1"`;
  return run('bash', ['-c', script, 'bash', pairsFile(pairs)]);
}

function askRpm(pairs: Pair[]): string[] {
  aptInstall('rpm', 'rpm');
  const lua = `for line in io.lines("${pairsFile(pairs)}") do
    local a, b = line:match("^(.-)\\t(.*)$")
    local order = rpm.vercmp(a, b)
    print((order < 0 and "<" or order > 0 and ">" or "=") .. "\\n") end`;
  return run('rpm', ['--eval', `%{lua:${lua}}`]);
}

function askPackaging(pairs: Pair[]): string[] {
  const python = join(peers, 'packaging', 'bin', 'python');
  if (!existsSync(python)) {
    execFileSync('python3', ['-m', 'venv', join(peers, 'packaging')]);
    execFileSync(python, ['-m', 'pip', 'install', '-q', 'packaging==25.0'], { stdio: 'ignore' });
  }
  const script = `
import sys
from packaging.version import Version, InvalidVersion
for line in open(sys.argv[1], newline='\\n', encoding='utf8'):
    a, b = line.rstrip('\\n').split('\\t')
    try:
        a, b = Version(a), Version(b)
        print('<' if a < b else '>' if a > b else '=')
    except InvalidVersion:
        print('!')
`;
  return run(python, ['-c', script, pairsFile(pairs)]);
}

function askRust(pairs: Pair[]): string[] {
  const project = join(peers, 'rust');
  mkdirSync(join(project, 'src'), { recursive: true });
  writeFileSync(
    join(project, 'Cargo.toml'),
    '[package]\nname = "order"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\nsemver = "=1.0.26"\n[workspace]\n',
  );
  writeFileSync(
    join(project, 'src', 'main.rs'),
    `use std::{cmp::Ordering, env, fs};
fn main() {
    for line in fs::read_to_string(env::args().nth(1).unwrap()).unwrap().split_terminator('\\n') {
        let (a, b) = line.split_once('\\t').unwrap();
        println!("{}", match (semver::Version::parse(a), semver::Version::parse(b)) {
            (Ok(a), Ok(b)) => match a.cmp_precedence(&b) { Ordering::Less => "<", Ordering::Equal => "=", Ordering::Greater => ">" },
            _ => "!",
        });
    }
}
`,
  );
  return run('cargo', ['run', '--quiet', '--', pairsFile(pairs)], project);
}

function askNode(pairs: Pair[]): string[] {
  assert.ok(satisfies('1.2.3', '>=1.2.3 <2'), 'the peer itself works');
  return pairs.map(([a, b]) => {
    try {
      const order = new SemVer(a).compare(new SemVer(b));
      return order < 0 ? '<' : order > 0 ? '>' : '=';
    } catch {
      return '!';
    }
  });
}

function askGo(pairs: Pair[]): string[] {
  const project = join(peers, 'go');
  mkdirSync(project, { recursive: true });
  if (!existsSync(join(project, 'go.sum'))) {
    writeFileSync(join(project, 'go.mod'), 'module order\n\ngo 1.23\n');
    execFileSync('go', ['get', 'golang.org/x/mod@v0.24.0'], { cwd: project, stdio: 'ignore' });
  }
  writeFileSync(
    join(project, 'main.go'),
    `package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/semver"
)

func main() {
	file, _ := os.Open(os.Args[1])
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		a, b, _ := strings.Cut(lines.Text(), "\\t")
		if !semver.IsValid(a) || !semver.IsValid(b) {
			fmt.Println("!")
			continue
		}
		fmt.Println([]string{"<", "=", ">"}[semver.Compare(a, b)+1])
	}
}
`,
  );
  // Without a `v`, and by the names of Go's own releases, the order takes more than the tool on purpose.
  const asked = pairs.map((pair) => pair.map((v) => (v.startsWith('v') ? v : `v${v}`)) as unknown as Pair);
  return run('go', ['run', '.', pairsFile(asked)], project).map((answer, n) =>
    answer === '!' && ourAnswer('Go', pairs[n]!) !== '!' && pairs[n]!.some(isReleaseName)
      ? ourAnswer('Go', pairs[n]!)
      : answer,
  );
}

function isReleaseName(version: string): boolean {
  return /^\d+\.\d+(\.\d+)?((rc|beta|alpha)\d+|b\d+)?(-[\w.]+)?$/.test(version);
}

function askMaven(pairs: Pair[]): string[] {
  const artifact = 'org/apache/maven/maven-artifact/3.9.9/maven-artifact-3.9.9.jar';
  const jar = join(homedir(), '.m2', 'repository', artifact);
  if (!existsSync(jar))
    execFileSync('mvn', ['-q', 'dependency:get', '-Dartifact=org.apache.maven:maven-artifact:3.9.9'], {
      stdio: 'ignore',
    });
  const program = join(temporary, 'Order.java');
  writeFileSync(
    program,
    `import java.nio.file.*;
import org.apache.maven.artifact.versioning.ComparableVersion;
class Order {
  public static void main(String[] args) throws Exception {
    for (String line : Files.readAllLines(Path.of(args[0]))) {
      String[] pair = line.split("\\t", -1);
      int order = new ComparableVersion(pair[0]).compareTo(new ComparableVersion(pair[1]));
      System.out.println(order < 0 ? "<" : order > 0 ? ">" : "=");
    }
  }
}
`,
  );
  return run('java', ['-cp', jar, program, pairsFile(pairs)]);
}
