/** The sample images: their contents and their names. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { LayerTar } from './layer-tar.ts';

export interface Recipe {
  /** The name on the command line. */
  readonly name: string;
  readonly tags: readonly [string, ...string[]];
  /** The recipe whose image this one starts from; none means an empty image. */
  readonly from?: string;
  readonly packages?: readonly string[];
  /** Takes only the named packages, without their dependencies. */
  readonly packagesOnly?: true;
  /** Adds files that are in no package. */
  readonly files?: (root: LayerTar) => void;
  /** Dockerfile lines after FROM and ADD. */
  readonly lines: readonly string[];
  /** Further inputs that determine the content; they are part of the hash. */
  readonly inputs?: readonly string[];
}

const here = import.meta.dirname;

/** Adds a folder of this repository to the image. */
function addFolder(root: LayerTar, folder: string, target: string): void {
  root.addDirectory(target);
  for (const name of readdirSync(join(here, folder)).sort()) {
    const path = join(folder, name);
    if (statSync(join(here, path)).isDirectory()) addFolder(root, path, `${target}/${name}`);
    else root.addFile(`${target}/${name}`, readFileSync(join(here, path)), name.endsWith('.sh') ? 0o755 : 0o644);
  }
}

const users = [
  'root:x:0:0:root:/root:/bin/bash',
  'mysql:x:101:101:MariaDB:/var/lib/mysql:/usr/sbin/nologin',
  'nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin',
];
const groups = ['root:x:0:', 'tty:x:5:', 'mysql:x:101:', 'nogroup:x:65534:'];
const applets = ['nslookup', 'wget', 'nc', 'vi', 'less', 'telnet', 'traceroute', 'netstat', 'clear', 'ash', 'tar'];

/** Files that every root file system needs and no package contains. */
export function skeleton(root: LayerTar): void {
  root.addMergedLinks();
  root.addFile('etc/passwd', `${users.join('\n')}\n`);
  root.addFile('etc/group', `${groups.join('\n')}\n`);
  root.addFile('etc/nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files dns\nservices: files\n');
  for (const folder of ['proc', 'sys', 'dev', 'run', 'var', 'var/lib', 'var/log']) root.addDirectory(folder);
  root.addDirectory('root', 0o700);
  root.addDirectory('tmp', 0o1777);
  root.addLink('var/run', '../run');
}

function baseFiles(root: LayerTar): void {
  skeleton(root);
  for (const name of applets) root.addLink(`usr/bin/${name}`, 'busybox');
}

const kubiaVariant = (name: string, environment: string): Recipe => ({
  name: `kubia-${name}`,
  tags: [`kubia:${name}`, `luksa/kubia:${name}`],
  from: 'kubia',
  lines: [`ENV ${environment}`],
});

const catalina = [
  ...['java', '-Xmx96m', '-Xss512k', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData'],
  ...['-Dcatalina.home=/usr/share/tomcat10', '-Dcatalina.base=/usr/local/tomcat', '-Djava.io.tmpdir=/tmp'],
  ...['-classpath', '/usr/share/tomcat10/bin/bootstrap.jar:/usr/share/tomcat10/bin/tomcat-juli.jar'],
  ...['org.apache.catalina.startup.Bootstrap', 'start'],
];
const archived = ['java', '-XX:SharedArchiveFile=/usr/local/tomcat/classes.jsa', ...catalina.slice(1)];

export const recipes: readonly Recipe[] = [
  {
    name: 'busybox',
    tags: ['busybox:1.36', 'busybox:latest'],
    packages: ['busybox-static'],
    packagesOnly: true,
    files: skeleton,
    lines: [
      'RUN ["/bin/busybox", "--install", "-s", "/bin"]',
      'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      'CMD ["sh"]',
    ],
  },
  {
    name: 'base',
    tags: ['minik-base:latest'],
    packages: [
      'base-files',
      'bash',
      'dash',
      'coreutils',
      'findutils',
      'grep',
      'sed',
      'mawk',
      'gzip',
      'hostname',
      'procps',
      'curl',
      'libc-bin',
      'libstdc++6',
      'iproute2',
      'iputils-ping',
      'busybox-static',
    ],
    files: baseFiles,
    inputs: applets,
    lines: ['ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'CMD ["bash"]'],
  },
  {
    name: 'kubia',
    tags: ['kubia:latest', 'luksa/kubia:latest'],
    from: 'base',
    files: (root) => {
      root.addFile('usr/local/bin/node', readFileSync(process.execPath), 0o755);
      root.addFile('app.js', readFileSync(join(here, 'kubia/app.js')));
    },
    inputs: [process.version],
    lines: ['EXPOSE 8080', 'ENTRYPOINT ["node", "app.js"]'],
  },
  kubiaVariant('v1', 'KUBIA_VERSION=v1'),
  kubiaVariant('v2', 'KUBIA_VERSION=v2'),
  kubiaVariant('v3', 'KUBIA_VERSION=v3 KUBIA_FAIL_AFTER=4'),
  kubiaVariant('v4', 'KUBIA_VERSION=v4'),
  {
    name: 'kubia-unhealthy',
    tags: ['kubia-unhealthy:latest', 'luksa/kubia-unhealthy:latest'],
    from: 'kubia',
    lines: ['ENV KUBIA_FAIL_AFTER=5'],
  },
  {
    name: 'mysql',
    tags: ['mysql:5.7', 'mysql:latest', 'mariadb:10.11', 'mariadb:latest'],
    from: 'base',
    packages: ['mariadb-server-core', 'mariadb-client-core'],
    files: (root) => {
      root.addFile('etc/mysql/my.cnf', readFileSync(join(here, 'mysql/my.cnf')));
      root.addFile('usr/local/bin/docker-entrypoint.sh', readFileSync(join(here, 'mysql/docker-entrypoint.sh')), 0o755);
      if (!root.has('usr/sbin/mysqld')) root.addLink('usr/sbin/mysqld', 'mariadbd');
      if (!root.has('usr/bin/mysql')) root.addLink('usr/bin/mysql', 'mariadb');
      if (!root.has('usr/bin/mysqladmin')) root.addLink('usr/bin/mysqladmin', 'mariadb-admin');
    },
    lines: [
      'RUN install -d -o mysql -g mysql /var/lib/mysql /run/mysqld',
      'VOLUME /var/lib/mysql',
      'EXPOSE 3306',
      'ENTRYPOINT ["docker-entrypoint.sh"]',
      'CMD ["mysqld"]',
    ],
  },
  {
    name: 'tomcat-app',
    tags: ['kubeguide/tomcat-app:v1', 'kubeguide/tomcat-app:latest'],
    from: 'base',
    packages: ['libtomcat10-java', 'tomcat10-common', 'tomcat10', 'default-jre-headless', 'libmariadb-java'],
    files: (root) => {
      addFolder(root, 'tomcat-app/demo', 'usr/local/tomcat/webapps/demo');
      root.addFile('usr/local/tomcat/conf/server.xml', readFileSync(join(here, 'tomcat-app/server.xml')));
      root.addFile('usr/local/bin/prepare-tomcat.sh', readFileSync(join(here, 'tomcat-app/prepare-tomcat.sh')), 0o755);
      root.addDirectory('usr/local/tomcat/logs');
      root.addDirectory('usr/local/tomcat/work');
    },
    lines: [`RUN ${JSON.stringify(['prepare-tomcat.sh', ...catalina])}`, 'EXPOSE 8080', `CMD ${JSON.stringify(archived)}`],
  },
];
