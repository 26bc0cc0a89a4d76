import assert from 'node:assert/strict';
import { it } from 'node:test';
import { canonicalImageName, familiarImageName, parseImageReference } from './image-reference.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;

it('completes image names as the engine does', () => {
  const canonical = (name: string): string => canonicalImageName(parseImageReference(name));
  assert.equal(canonical('busybox'), 'docker.io/library/busybox:latest');
  assert.equal(canonical('luksa/kubia:v1'), 'docker.io/luksa/kubia:v1');
  assert.equal(canonical('localhost:5000/a/b'), 'localhost:5000/a/b:latest');
  assert.equal(canonical('localhost/a'), 'localhost/a:latest');
  assert.equal(canonical('registry.k8s.io/pause:3.9'), 'registry.k8s.io/pause:3.9');
  assert.equal(canonical(`busybox@${DIGEST}`), `docker.io/library/busybox@${DIGEST}`);
  assert.equal(canonical(`quay.io/a/b:1@${DIGEST}`), `quay.io/a/b:1@${DIGEST}`);
  assert.equal(familiarImageName(parseImageReference('docker.io/library/busybox')), 'busybox:latest');
});

it('rejects what is no image name', () => {
  for (const name of ['', 'a b', 'busybox:', ':1', 'UP', 'a/Up', 'a//b', 'a@sha256:12', 'a:b:c', '-a', `a@${DIGEST}@${DIGEST}`]) {
    assert.throws(() => parseImageReference(name), { name: 'RuntimeError', code: 'InvalidImageName' }, name);
  }
});
