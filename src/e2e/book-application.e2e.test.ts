/** Scenarios 5 to 8: a Java web application with a database, from the book; a real MariaDB and a real Tomcat. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { E2eCluster, flavours, testdata } from './support/cluster.ts';
import { eventually, ok } from './support/shell.ts';

const cluster = new E2eCluster({ name: 'e2e-book' });
const page = 'http://localhost:30001/demo/';

before(() => cluster.start());
after(() => cluster.delete());

async function rows(): Promise<string> {
  const response = await fetch(page);
  const text = await response.text();
  assert.equal(response.status, 200, text);
  assert.match(text, /<td>google<\/td><td>100<\/td>/);
  return text;
}

for (const flavour of flavours) {
  describe(`the book's application with ${flavour}`, () => {
    const kubectl = (...args: string[]): Promise<string> => cluster.kubectl(flavour, args);

    after(async () => {
      await kubectl('delete', 'rc,svc', 'mysql', 'myweb', '--ignore-not-found');
      await cluster.until(['get', 'pods', '-o', 'name'], (text) => text === '');
    });

    it('runs the database', async () => {
      assert.equal(await kubectl('create', '-f', testdata('book/mysql-rc.yaml')), 'replicationcontroller/mysql created\n');
      await cluster.podsReady('app=mysql', 1);
      assert.match(await kubectl('get', 'rc'), /^NAME +DESIRED +CURRENT +READY +AGE\nmysql +1 +1 +1 /);
      assert.match(await kubectl('get', 'pods'), /mysql-\w{5} +1\/1 +Running +0 /);
    });

    it('shows its containers as the book shows them', async () => {
      const names = (await ok(['docker', 'ps', '--format', '{{.Names}}'])).split('\n');
      assert.ok(
        names.some((name) => /^k8s_mysql_mysql-\w{5}_default_[0-9a-f-]{36}_0$/.test(name)),
        names.join('\n'),
      );
      assert.ok(
        names.some((name) => /^k8s_POD_mysql-\w{5}_default_[0-9a-f-]{36}_0$/.test(name)),
        names.join('\n'),
      );
    });

    it('gives the database a Service', async () => {
      await kubectl('create', '-f', testdata('book/mysql-svc.yaml'));
      assert.match(await kubectl('get', 'svc', 'mysql'), /mysql +ClusterIP +\d+\.\d+\.\d+\.\d+ +<none> +3306\/TCP/);
    });

    it('runs five web servers that reach the database by name', async () => {
      await kubectl('create', '-f', testdata('book/myweb-rc.yaml'));
      await kubectl('create', '-f', testdata('book/myweb-svc.yaml'));
      await cluster.podsReady('app=myweb', 5);
      await eventually(rows, 120_000);
    });

    it('tells containers of Services in their environment; the manifest wins', async () => {
      const pod = (await kubectl('get', 'pods', '-l', 'app=myweb', '-o', 'name')).trim().split('\n')[0] ?? '';
      const env = await kubectl('exec', pod, '--', 'env');
      const ip = await kubectl('get', 'svc', 'mysql', '-o', 'jsonpath={.spec.clusterIP}');
      assert.match(env, /^MYSQL_SERVICE_HOST=mysql$/m, 'set in the manifest');
      assert.match(env, /^MYSQL_SERVICE_PORT=3306$/m);
      assert.match(env, new RegExp(`^MYSQL_PORT=tcp://${ip}:3306$`, 'm'));
      assert.match(env, new RegExp(`^MYSQL_PORT_3306_TCP_ADDR=${ip}$`, 'm'));
    });

    it('writes what the form sends', async () => {
      const name = `row-${flavour.replace(' ', '-')}`;
      await fetch(new URL('insert.jsp', page), {
        method: 'POST',
        body: new URLSearchParams({ userName: name, level: '7' }),
        redirect: 'follow',
      });
      await eventually(async () => assert.match(await rows(), new RegExp(`<td>${name}</td>`)));
    });

    it('restarts a container that was killed, counts it, and says so', async () => {
      const pod = (await kubectl('get', 'pods', '-l', 'app=mysql', '-o', 'jsonpath={.items[0].metadata.name}')).trim();
      await ok(['docker', 'kill', (await ok(['docker', 'ps', '-q', '--filter', `name=k8s_mysql_${pod}_`])).trim()]);
      await cluster.until(
        ['get', 'pod', pod, '-o', 'jsonpath={.status.containerStatuses[0].restartCount} {.status.containerStatuses[0].ready}'],
        (text) => text === '1 true',
      );
      assert.match(await kubectl('describe', 'pod', pod), /Last State: +Terminated\n +Reason: +Error\n +Exit Code: +137/);
      const events = await kubectl('get', 'events', '--field-selector', `involvedObject.name=${pod}`);
      assert.match(events, /Started/);
      await eventually(rows, 120_000);
    });

    it('replaces a pod that was deleted', async () => {
      const [pod] = (await kubectl('get', 'pods', '-l', 'app=myweb', '-o', 'jsonpath={.items[*].metadata.name}')).split(' ');
      await kubectl('delete', 'pod', pod ?? '');
      const names = await cluster.podsReady('app=myweb', 5);
      assert.ok(!names.includes(pod ?? ''));
    });

    it('follows a changed number of replicas', async () => {
      const file = join(cluster.home, 'myweb-rc.yaml');
      writeFileSync(file, readFileSync(testdata('book/myweb-rc.yaml'), 'utf8').replace('replicas: 5', 'replicas: 2'));
      await kubectl('replace', '-f', file);
      await cluster.podsReady('app=myweb', 2);
      writeFileSync(file, readFileSync(testdata('book/myweb-rc.yaml'), 'utf8').replace('replicas: 5', 'replicas: 3'));
      await kubectl('apply', '-f', file);
      await cluster.podsReady('app=myweb', 3);
    });
  });
}
