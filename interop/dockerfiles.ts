// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfiles are written so
// Dockerfiles for the comparison with BuildKit: forms that people write, and some hundred put together from a seed.

export interface DockerfileCase {
  text: string;
  args?: Record<string, string>;
  target?: string;
  platform?: string;
  /** BuildKit refuses it for what is not our business: an unknown flag of RUN, a missing argument of ENV. */
  lenient?: boolean;
}

const written: DockerfileCase[] = [
  { text: 'FROM alpine' },
  { text: 'from alpine:3.20\nrun true' },
  { text: 'FROM --platform=linux/arm64 debian:12 as Build\nFROM scratch\nCOPY --from=BUILD /a /a' },
  { text: `FROM alpine@sha256:${'a'.repeat(64)}` },
  { text: `FROM registry.example.com:5000/team/app:1.2@sha256:${'b'.repeat(64)}` },
  { text: 'ARG TAG=3.20\nFROM alpine:${TAG}' },
  { text: 'ARG TAG=3.20\nFROM alpine:${TAG}', args: { TAG: 'edge' } },
  { text: 'ARG TAG\nFROM alpine:${TAG:-3}' },
  { text: 'ARG TAG\nFROM alpine:${TAG-3}' },
  { text: 'ARG TAG\nFROM alpine${TAG:+:$TAG}' },
  { text: 'ARG TAG\nFROM alpine${TAG:+:$TAG}', args: { TAG: '9' } },
  { text: 'ARG TAG\nFROM alpine:$TAG' },
  { text: 'ARG IMAGE\nFROM $IMAGE' },
  { text: 'ARG IMAGE\nFROM ${IMAGE:?needed}' },
  { text: 'ARG A=1 B=2\nFROM x:$A$B' },
  { text: 'ARG A=1\nARG B=${A}-${A}\nFROM x:$B', args: { A: '5' } },
  { text: 'ARG A=1\nARG A=2\nFROM x:$A' },
  { text: 'ARG A=1\nARG A\nFROM x:$A' },
  { text: 'ARG A="1 2"\nARG B=\'x\'\nFROM $B' },
  { text: 'ARG V=1.2.3\nFROM a:${V%.*}\nFROM b:${V%%.*}\nFROM c:${V#*.}\nFROM d:${V##*.}', target: '0' },
  {
    text: 'ARG V=1.2.3\nFROM a:${V%.*} AS a\nFROM b:${V%%.*} AS b\nFROM c:${V#*.} AS c\nFROM d:${V##*.}\nCOPY --from=a / /\nCOPY --from=b / /\nCOPY --from=c / /',
  },
  { text: 'ARG V=1.2.3\nFROM a:${V/./-} AS a\nFROM b:${V//./-}\nCOPY --from=a / /' },
  { text: 'ARG V=aXbXc\nFROM x:${V/X*/q}' },
  { text: 'ARG V=aXbXc\nFROM x:${V//X?/q}' },
  { text: 'FROM "alpine:3"' },
  { text: "FROM 'alpine:3'" },
  { text: 'FROM al\\pine' },
  { text: 'FROM a AS x\nFROM b AS x\nFROM x' },
  { text: 'FROM a AS x\nFROM x AS y\nFROM y AS z\nRUN true' },
  { text: 'FROM later\nFROM b AS later', target: '0' },
  { text: 'FROM a AS one\nFROM b AS two\nFROM c', target: 'two' },
  { text: 'FROM a AS one\nFROM b AS two\nFROM c', target: 'TWO' },
  { text: 'FROM a AS one\nFROM b AS two\nFROM c', target: '1' },
  { text: 'FROM a AS one', target: 'nobody' },
  { text: 'FROM a AS unused\nFROM b' },
  { text: 'FROM a\nFROM b\nCOPY --from=0 / /' },
  { text: 'FROM a\nCOPY --from=busybox:1.36 /bin /bin\nRUN --mount=type=bind,from=node:20,target=/n true' },
  { text: 'FROM a\nRUN --mount=type=cache,target=/c --mount=from=golang:1,target=/g true' },
  { text: 'FROM a AS s\nFROM b\nRUN --mount=type=bind,from=s,target=/s true' },
  { text: 'FROM a\nCOPY --from=${X} / /' },
  { text: 'FROM a\nCOPY --chown=1:1 --from=q:1 --link / /' },
  { text: '# syntax=docker/dockerfile:1\nFROM a' },
  { text: '#syntax=x\n#escape=`\nFROM `\n a' },
  { text: '# escape=`\nFROM a\nRUN dir c:\\\nRUN echo `\n b' },
  { text: '# escape=\\\nFROM \\\n a' },
  { text: '\n# escape=`\nFROM \\\n a' },
  { text: '# a comment\n# escape=`\nFROM \\\n a' },
  { text: '# escape=q\nFROM a' },
  { text: '# escape=`\n# escape=`\nFROM a' },
  { text: 'FROM \\\n  # comment\n\n  a \\\n  AS b' },
  { text: '  # comment\n   FROM   a   AS   b   \n' },
  { text: '\tFROM\ta' },
  { text: '\uFEFFFROM a' },
  { text: 'FROM a\r\nRUN true\r\n' },
  { text: 'FROM a\nRUN <<EOF\nFROM b\nEOF' },
  { text: 'FROM a\nRUN <<EOF cat && cat <<-"X Y"\nFROM b\nEOF\n\tFROM c\n\tX Y\nRUN true' },
  { text: "FROM a\nCOPY <<A <<'B' /x/\nFROM b\nA\nFROM c\nB" },
  { text: 'FROM a\nRUN echo "<<EOF"\nRUN true' },
  { text: 'FROM a\nRUN <<EOF\nFROM b' },
  { text: 'FROM a\nONBUILD RUN <<EOF\nFROM b\nEOF\nRUN true' },
  { text: 'FROM a\nENV X=<<EOF\nFROM b' },
  { text: 'FROM a\nRUN echo a \\\\\nFROM b' },
  { text: 'FROM a\nRUN echo \\\n# FROM c\n  b\nFROM d' },
  { text: 'FROM a\nRUN cat <<<EOF\nFROM b' },
  { text: 'FROM a\nRUN 3<<EOF cat\nFROM b\nEOF' },
  { text: 'FROM a\nLABEL x="FROM b"' },
  { text: 'FROM a\nRUN true\n\n\nFROM b' },
  { text: 'ARG A\nFROM a\nARG A=b\nFROM x$A' },
  { text: 'ARG A=q\nFROM a\nARG A=b\nFROM x$A' },
  { text: 'ARG A=q\nFROM a AS x\nARG A\nFROM x$A' },
  { text: 'FROM base-$TARGETARCH' },
  { text: 'FROM base-$TARGETARCH$TARGETVARIANT', platform: 'linux/arm/v7' },
  { text: 'FROM --platform=$BUILDPLATFORM a AS b\nFROM c\nCOPY --from=b / /' },
  { text: 'ARG TARGETARCH=x\nFROM base-$TARGETARCH' },
  { text: 'FROM ${A:-${B:-c}}' },
  { text: 'ARG B=d\nFROM ${A:-${B:-c}}' },
  { text: 'ARG A=\nFROM x${A:-1}\nFROM x${A-1}' },
  { text: 'FROM ${A' },
  { text: 'FROM $' },
  { text: 'FROM a$' },
  { text: 'FROM "a' },
  { text: 'ARG A=scratch\nFROM $A' },
  { text: 'FROM scratch' },
  { text: 'FROM scratch AS a\nFROM a' },
  { text: 'FROM SCRATCH' },
  { text: 'RUN true\nFROM a' },
  { text: '' },
  { text: '# nothing' },
  { text: 'FROM' },
  { text: 'FROM a b' },
  { text: 'FROM a AS' },
  { text: 'FROM a AS b c' },
  { text: 'FROM a AS 1b' },
  { text: 'FROM a AS b-c_d.e' },
  { text: 'FROM A/B' },
  { text: 'ARG \nFROM a', lenient: true },
  { text: 'ARG A=1\nFROM a AS $A' },
  { text: 'ARG A=1\nFROM a AS b$A' },
  { text: 'ARG N=a\nFROM x AS a\nFROM $N' },
  { text: 'FROM a AS b\nFROM b AS b\nFROM b' },
  { text: 'FROM a AS scratch\nFROM scratch' },
  { text: 'FROM a AS x\nFROM b\nCOPY --from=X / /' },
  { text: 'FROM a\nCOPY --from=1 / /' },
  { text: 'FROM a AS me\nCOPY --from=me / /' },
  { text: 'FROM a\nCOPY --from=scratch / /' },
];

/** Mulberry32: the same numbers on every run. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

function generated(count: number): DockerfileCase[] {
  const random = numbers(7);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const often = (part: number) => random() < part;
  return Array.from({ length: count }, () => {
    const escapeChar = often(0.15) ? '`' : '\\';
    const lines: string[] = escapeChar === '`' ? ['# escape=`'] : [];
    const names = ['TAG', 'REG', 'NAME', 'V'];
    for (const name of names)
      if (often(0.6))
        lines.push(
          `ARG ${name}${often(0.75) ? `=${pick(['1', '3.20', '"x"', "'y'", '${TAG:-7}', 'a.b-c', 'q$V'])}` : ''}`,
        );
    const variable = () =>
      pick([
        '$TAG',
        '${TAG}',
        '${V:-9}',
        '${NAME:+n}',
        '${V%.*}',
        '${V#*.}',
        '${TAG/./-}',
        '${REG-z}',
        '1',
        '2.0',
      ]);
    const stages: string[] = [];
    const total = 1 + Math.floor(random() * 4);
    for (let at = 0; at < total; at++) {
      const image =
        stages.length > 0 && often(0.35)
          ? pick([pick(stages), pick(stages).toUpperCase()])
          : pick([`img${at}`, `reg.example/team/i${at}`, 'scratch', `al\\pine${at}`, `"quo${at}"`]) +
            (often(0.6) ? `:t${variable()}` : '');
      const name = often(0.6) ? pick(['build', 'Run', 'base', 'x-y', `s${at}`]) : undefined;
      const gap = often(0.2) ? ` ${escapeChar}\n  ${often(0.5) ? '# note\n' : ''}` : ' ';
      lines.push(
        `${pick(['FROM', 'from', 'From'])}${gap}${often(0.2) ? '--platform=linux/amd64 ' : ''}${image}${name ? ` ${pick(['AS', 'as'])} ${name}` : ''}`,
      );
      if (often(0.3)) lines.push(`RUN <<${pick(['EOF', "'EOF'", '"EOF"'])}\nFROM hidden\nEOF`);
      if (often(0.2)) lines.push('RUN <<-END cat\n\tFROM hidden2\n\tEND');
      if (often(0.3) && stages.length > 0)
        lines.push(`COPY --from=${pick([pick(stages), '0', 'tool:1'])} /a /b`);
      if (often(0.2))
        lines.push(`RUN --mount=type=bind,target=/t,from=${pick([...stages, 'mounted:2'])} true`);
      if (often(0.2)) lines.push(`ARG TAG=inner\nENV A="FROM b"`);
      if (often(0.2)) lines.push(`# FROM comment`, '');
      if (name) stages.push(name);
    }
    const given = Object.fromEntries(
      names.filter(() => often(0.3)).map((name) => [name, pick(['g1', 'g.2', ''])]),
    );
    const target = often(0.2) ? pick([...stages, '0', 'none']) : undefined;
    return { text: lines.join('\n'), args: given, ...(target === undefined ? {} : { target }) };
  });
}

export const dockerfiles: readonly DockerfileCase[] = [...written, ...generated(400)];
