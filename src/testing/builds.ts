// A buildah for tests that does what a test says, and the end of a build, waited for by its files.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Home, openHome } from '../core/index.ts';

export interface BuildYard {
  home: Home;
  /** With the buildah of the test first on its PATH. */
  env: NodeJS.ProcessEnv;
  context: string;
  /** Shell that a build runs; its push says a digest. */
  onBuild(script: string): void;
  /** `build` and `push` with their arguments, in order. */
  calls(): string[];
}

export function openBuildYard(context: Pick<TestContext, 'after'>): BuildYard {
  const root = mkdtempSync(join(tmpdir(), 'seaworthy-builds-'));
  context.after(() => {
    endBuilds(join(root, 'groups'));
    rmSync(root, { recursive: true, force: true, maxRetries: 10 });
  });
  const bin = join(root, 'bin');
  const source = join(root, 'context');
  for (const directory of [bin, source]) mkdirSync(directory);
  writeFileSync(join(source, 'Dockerfile'), 'FROM registry.example/base:12\nCOPY app /app\n');
  for (const log of ['calls', 'groups']) writeFileSync(join(root, log), '');
  const onBuild = (script: string) => writeFileSync(join(root, 'onbuild'), script);
  onBuild('true');
  writeFileSync(
    join(bin, 'buildah'),
    `#!/bin/sh
printf '%s ' "$@" >>${root}/calls; echo >>${root}/calls
env >${root}/environment
case " $* " in
*" push "*) digest=\${*##*--digestfile }; echo sha256:${'d'.repeat(64)} >"\${digest%% *}" ;;
*" build "*) cut -d' ' -f5 /proc/$$/stat >>${root}/groups; . ${root}/onbuild ;;
esac
`,
  );
  chmodSync(join(bin, 'buildah'), 0o755);
  return {
    home: openHome(join(root, 'home'), {}),
    env: { PATH: `${bin}:${process.env['PATH']}`, HOME: root },
    context: source,
    onBuild,
    calls: () => readFileSync(join(root, 'calls'), 'utf8').split('\n').filter(Boolean),
  };
}

/** A test that fails leaves no build behind, also where the code that ends builds is what fails. */
function endBuilds(log: string): void {
  for (const pid of readFileSync(log, 'utf8').split('\n').filter(Boolean))
    try {
      process.kill(-Number(pid), 'SIGKILL');
    } catch {
      // it ended by itself
    }
}

/** Resolves once the condition holds; looked at whenever something in the directory changes. */
export function changed(directory: string, holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const watcher = watch(directory, check);
    function check(): void {
      if (!holds()) return;
      watcher.close();
      resolve();
    }
    check();
  });
}
