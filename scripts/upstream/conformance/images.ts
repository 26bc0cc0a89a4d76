/**
 * Replacements for the images that upstream's suite uses, under the same names, without any registry. Programs are
 * upstream's own; everything else comes from distribution packages. Source: test/images and
 * test/utils/image/manifest.go.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PAUSE_PROGRAMS } from '../../../src/runtime/container/docker/pause-programs.ts';
import { ImageBuilder } from '../../images/image-builder.ts';
import type { LayerTar } from '../../images/layer-tar.ts';
import { type Recipe, skeleton } from '../../images/recipes.ts';
import { cacheFolder, moduleFolder, type Program, upstreamPrograms } from '../programs.ts';
import { addFakeRegistry } from './fake-registry.ts';

const e2e = 'registry.k8s.io/e2e-test-images';
const path = 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Only packages that install other packages are left out: specs use perl, tar and util-linux. */
const unwanted = /^(debconf|cdebconf|dpkg|usrmerge|usr-is-merged|ucf|init-system-helpers|sensible-utils|perl|perl-modules.*|libperl.*)$/;

const packages = [
  ...['base-files', 'bash', 'dash', 'coreutils', 'findutils', 'grep', 'sed', 'mawk', 'gzip', 'hostname', 'procps', 'tar', 'util-linux'],
  ...[
    'curl',
    'libc-bin',
    'iproute2',
    'iptables',
    'iputils-ping',
    'bind9-dnsutils',
    'netcat-openbsd',
    'iperf',
    'socat',
    'nginx-light',
    'nginx-common',
  ],
  ...['perl-base', 'passwd', 'busybox-static'],
];

const nginxConfiguration = `user nobody nogroup;
events {}
http {
  include /etc/nginx/mime.types;
  access_log /dev/stdout;
  error_log /dev/stderr;
  server { listen 80; root /usr/share/nginx/html; }
}
`;

/**
 * Busybox's wget with the options that specs use. Debian's static busybox crashes when it looks up any address, and
 * GNU's wget tries again for a minute.
 */
const wget = `#!/bin/bash
options=(-fsSL)
while [ $# -gt 0 ]; do
  case $1 in
    -T) options+=(--max-time "$2"); shift ;;
    -O) options+=(-o "$2"); shift ;;
    -qO-) options+=(-o -) ;;
    -q) ;;
    *) options+=("$1") ;;
  esac
  shift
done
exec curl "\${options[@]}"
`;

function debianRoot(root: LayerTar): void {
  root.addFile('etc/nginx/nginx.conf', nginxConfiguration);
  // Owned by a user in the image and by a group that is not that user's. Source: test/images/agnhost/Dockerfile.
  root.addFile(
    'etc/passwd',
    'root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\nuser-defined-in-image:x:1000:1000::/home:/bin/sh\n',
  );
  root.addFile(
    'etc/group',
    'root:x:0:\nuser-defined-in-image:x:1000:\ngroup-defined-in-image:x:50000:user-defined-in-image\nnogroup:x:65534:\n',
  );
  skeleton(root);
  for (const folder of ['var/log/nginx', 'var/lib/nginx', 'usr/local', 'usr/local/bin']) root.addDirectory(folder);
  root.addFile('usr/bin/wget', wget, 0o755);
  // Upstream's shell is busybox's, which has tests in double brackets; Debian's has not.
  root.addLink('usr/bin/sh', 'bash');
  for (const name of ['vi', 'netstat']) root.addLink(`usr/bin/${name}`, 'busybox');
  root.addLink('usr/bin/nc', 'nc.openbsd');
  root.addLink('usr/local/bin/iperf', '../../bin/iperf');
  root.addLink('usr/sbin/iptables', 'xtables-nft-multi');
  root.addLink('usr/sbin/iptables-save', 'xtables-nft-multi');
}

const pauseProgram = Buffer.from(PAUSE_PROGRAMS[process.arch === 'arm64' ? 'arm64' : 'amd64'], 'base64');

/** One of upstream's programs, and the name of its image. */
type Programs = Readonly<Record<Program, string>>;

/**
 * Specs expect busybox's messages, but also use variables whose names are not identifiers, such as data-1. Debian's
 * busybox drops these. So this starts busybox's shell when there are no such variables, and bash when there are.
 */
const shell = `#!/bin/bash-static
while IFS= read -r -d '' entry; do
  [[ \${entry%%=*} =~ ^[A-Za-z_][A-Za-z0-9_]*$ ]] || exec -a "$0" /bin/bash-static "$@"
done </proc/self/environ
exec -a "$0" /bin/busybox "$@"
`;

const busyboxLines = [
  'RUN ["/bin/busybox", "--install", "-s", "/bin"]',
  'RUN ["/bin/busybox", "ln", "-sf", "/usr/lib/sh", "/bin/sh"]',
  path,
  'CMD ["sh"]',
];

function recipesFor(programs: Programs, kubernetes: string): readonly Recipe[] {
  const program = (name: Program, at: string, mode = 0o755) => ({
    inputs: [programs[name]],
    files: (root: LayerTar) => root.addFile(at, readFileSync(programs[name]), mode),
  });
  const source = (file: string) => readFileSync(join(kubernetes, 'test/images', file));
  const page = (name: string): Recipe => ({
    name,
    tags: [`${e2e}/${name}:1.8`],
    from: 'agnhost',
    files: (root) => {
      root.addFile(`${name}.jpg`, source(`${name}/html/${name}.jpg`));
      root.addFile('data.json', source(`${name}/html/data.json`));
      // Upstream's is made from Alpine, by which a spec recognises it as a volume.
      root.addFile('etc/os-release', 'NAME="Alpine Linux"\nID=alpine\n');
    },
    lines: ['CMD ["test-webserver"]'],
  });
  const root = (name: string, tags: Recipe['tags'], lines: readonly string[]): Recipe => ({ name, tags, from: 'conformance-root', lines });
  return [
    {
      name: 'busybox',
      tags: [`${e2e}/busybox:1.37.0-1`],
      packages: ['busybox-static', 'bash-static'],
      packagesOnly: true,
      files: (layer) => {
        skeleton(layer);
        layer.addFile('usr/lib/sh', shell, 0o755);
      },
      inputs: [shell],
      lines: busyboxLines,
    },
    { name: 'nonroot', tags: [`${e2e}/nonroot:1.5`], from: 'busybox', lines: ['USER 1234'] },
    {
      name: 'conformance-root',
      tags: ['minik-conformance-root:latest'],
      packages,
      files: debianRoot,
      inputs: [wget],
      lines: [path, 'CMD ["bash"]'],
    },
    {
      name: 'agnhost',
      tags: [`${e2e}/agnhost:2.63.0`, `${e2e}/agnhost:2.55`],
      from: 'conformance-root',
      inputs: [programs.agnhost, String(addFakeRegistry)],
      files: (layer) => {
        layer.addFile('agnhost', readFileSync(programs.agnhost), 0o755);
        layer.addLink('agnhost-2', 'agnhost');
        layer.addDirectory('uploads', 0o777);
        addFakeRegistry(layer, pauseProgram);
        for (const file of ['localhost.crt', 'localhost.key']) layer.addFile(file, source(`agnhost/porter/${file}`));
      },
      lines: ['EXPOSE 80 8080 8081 9376 5000', 'ENTRYPOINT ["/agnhost"]', 'CMD ["pause"]'],
    },
    page('kitten'),
    page('nautilus'),
    root('nginx', [`${e2e}/nginx:1.15-4`, `${e2e}/nginx:1.27-0`], ['EXPOSE 80', 'CMD ["nginx", "-g", "daemon off;"]']),
    root('ipc-utils', [`${e2e}/ipc-utils:1.4`], []),
    root('perl', [`${e2e}/perl:5.26`], []),
    root('glibc-dns-testing', [`${e2e}/glibc-dns-testing:2.0.0`], []),
    root('distroless-iptables', ['registry.k8s.io/build-image/distroless-iptables:v0.9.6'], []),
    {
      name: 'resource-consumer',
      tags: [`${e2e}/resource-consumer:1.14`],
      from: 'conformance-root',
      packages: ['stress'],
      inputs: [programs['resource-consumer'], programs['consume-cpu']],
      files: (layer) => {
        layer.addFile('consumer', readFileSync(programs['resource-consumer']), 0o755);
        layer.addFile('consume-cpu', readFileSync(programs['consume-cpu']), 0o755);
      },
      lines: ['EXPOSE 8080', 'ENTRYPOINT ["/consumer"]'],
    },
    {
      name: 'nonewprivs',
      tags: [`${e2e}/nonewprivs:1.4`],
      from: 'conformance-root',
      ...program('nonewprivs', 'usr/local/bin/nnp', 0o6755),
      lines: ['CMD ["nnp"]'],
    },
    {
      name: 'regression-issue-74839',
      tags: [`${e2e}/regression-issue-74839:1.4`],
      from: 'conformance-root',
      ...program('regression-issue-74839', 'regression-issue-74839'),
      lines: ['ENTRYPOINT ["/regression-issue-74839"]'],
    },
    {
      name: 'sample-apiserver',
      tags: [`${e2e}/sample-apiserver:1.29.2`],
      from: 'conformance-root',
      ...program('sample-apiserver', 'sample-apiserver'),
      lines: ['ENTRYPOINT ["/sample-apiserver"]'],
    },
    {
      name: 'etcd',
      tags: ['registry.k8s.io/etcd:3.6.8-0'],
      from: 'conformance-root',
      ...program('etcd', 'usr/local/bin/etcd'),
      lines: ['EXPOSE 2379 2380 4001 7001'],
    },
    {
      name: 'pause',
      tags: ['registry.k8s.io/pause:3.10.2'],
      files: (layer) => layer.addFile('pause', pauseProgram, 0o755),
      lines: ['USER 65535:65535', 'ENTRYPOINT ["/pause"]'],
    },
  ];
}

/** Builds the images that are missing on the Docker daemon. */
export async function buildConformanceImages(): Promise<void> {
  const programs = upstreamPrograms([
    'agnhost',
    'nonewprivs',
    'regression-issue-74839',
    'resource-consumer',
    'consume-cpu',
    'sample-apiserver',
    'etcd',
  ]);
  // What the recipes name.
  const recipes = recipesFor(programs as Programs, moduleFolder('k8s.io/kubernetes'));
  const builder = new ImageBuilder({ recipes, work: join(cacheFolder(), 'images'), unwanted });
  for (const recipe of recipes) await builder.build(recipe);
}
