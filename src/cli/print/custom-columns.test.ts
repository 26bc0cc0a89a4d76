import assert from 'node:assert/strict';
import { it } from 'node:test';
import { customColumns } from './custom-columns.ts';

const items = [
  { metadata: { name: 'a', labels: { x: '1' } }, spec: { containers: [{ image: 'i1' }, { image: 'i2' }] } },
  { metadata: { name: 'longer' }, spec: { replicas: 2 } },
];

it('prints columns of every accepted form of path', () => {
  assert.equal(
    customColumns({ spec: 'NAME:.metadata.name,IMAGES:spec.containers[*].image,LABELS:{.metadata.labels}' }, items, true),
    'NAME     IMAGES   LABELS\na        i1,i2    map[x:1]\nlonger   <none>   <none>\n',
  );
});

it('leaves headers out and reads a template file', () => {
  assert.equal(customColumns({ file: 'N   R\nmetadata.name {.spec.replicas}\n' }, items, false), 'a        <none>\nlonger   2\n');
});

it('explains bad specifications', () => {
  assert.throws(() => customColumns({ spec: 'NAME' }, items, true), {
    message: 'unexpected custom-columns spec: NAME, expected <header>:<json-path-expr>',
  });
  assert.throws(() => customColumns({ file: 'A B\nmetadata.name' }, items, true), {
    message: "number of headers (2) and field specifications (1) don't match",
  });
});
