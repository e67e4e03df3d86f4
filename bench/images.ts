// Makes the images that the scan benchmark reads: a Debian base, and an application of each language on it.
// Needs root, debootstrap, npm, pip, mvn and Go; what is made is kept below the peers' folder.
import { layerOf, layoutOf, type Recipe } from '../interop/images.ts';

export { peers } from '../interop/peers.ts';

export const imageNames = ['base', 'node', 'python', 'java', 'go', 'all'] as const;
export type ImageName = (typeof imageNames)[number];

const layersOf: Record<ImageName, string[]> = {
  base: ['base'],
  node: ['base', 'node'],
  python: ['base', 'python'],
  java: ['base', 'java'],
  go: ['base', 'go'],
  all: ['base', 'node', 'python', 'java', 'go'],
};

/** Each layer's recipe: a shell script that fills $ROOT. */
const scripts: Record<string, string> = {
  base: `debootstrap bookworm "$ROOT" >&2; rm -rf "$ROOT"/var/cache/apt/archives/*.deb "$ROOT"/var/lib/apt/lists/*`,
  node: `mkdir -p "$ROOT/srv/app"; cd "$ROOT/srv/app"
    echo '{"name":"bench","version":"1.0.0"}' > package.json
    npm install --no-audit --no-fund --ignore-scripts next@14.2.5 typescript@5.5.4 webpack@5.93.0 eslint@8.57.0 jest@29.7.0 express@4.19.2 lodash@4.17.20 @babel/core@7.24.9 @babel/preset-env@7.25.0 aws-sdk@2.1659.0 >&2`,
  python: `pip install --no-compile --target "$ROOT/usr/local/lib/python3.11/site-packages" numpy==1.26.4 scipy==1.13.1 pandas==2.2.2 scikit-learn==1.5.0 matplotlib==3.9.0 Django==4.2.1 requests==2.31.0 Pillow==10.0.0 >&2`,
  java: `mkdir -p "$ROOT/opt/app" "$WORK/j"; cd "$WORK/j"
    cat > pom.xml <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>bench</groupId><artifactId>app</artifactId><version>1</version><dependencies>
<dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-web</artifactId><version>2.6.6</version></dependency>
<dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-core</artifactId><version>2.14.1</version></dependency>
<dependency><groupId>com.h2database</groupId><artifactId>h2</artifactId><version>1.4.200</version></dependency>
</dependencies></project>
POM
    mvn -q -B dependency:copy-dependencies -DoutputDirectory="$WORK/j/BOOT-INF/lib" >&2
    jar cf0 "$ROOT/opt/app/app.jar" BOOT-INF`,
  go: `mkdir -p "$ROOT/usr/local/bin"; cp "$PEERS"/bin/syft "$PEERS"/bin/osv-scanner "$PEERS"/bin/govulncheck "$(go env GOROOT)/bin/go" "$ROOT/usr/local/bin/"`,
};

const recipes: Record<string, Recipe> = Object.fromEntries(
  Object.entries(scripts).map(([name, script]) => [`bench-${name}`, { on: [], script }]),
);

/** The OCI layout of an image, made when it is not there. */
export function imageOf(name: ImageName): string {
  return layoutOf(
    `bench-image-${name}`,
    layersOf[name].map((layer) => layerOf(`bench-${layer}`, recipes)),
  );
}
