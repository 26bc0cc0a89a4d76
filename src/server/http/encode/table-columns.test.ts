import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { brotliDecompressSync } from 'node:zlib';
import { builtInKinds } from '../../../api/kinds/index.ts';
import { describeFields, loadDescriptions } from '../../../api/schema/descriptions.ts';
import { loadSchemas } from '../../../api/schema/load.ts';
import { componentStatusKind } from '../virtual/component-statuses.ts';
import { TableColumns } from './table-columns.ts';

interface Definition {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly description: string;
  readonly priority: number;
}

const describing = describeFields(loadSchemas(brotliDecompressSync), () => loadDescriptions(brotliDecompressSync));
const columns = new TableColumns(describing);
const kinds = [...builtInKinds, componentStatusKind];
// The encoder's own output.
const definitionsOf = (kind: (typeof kinds)[number]) => JSON.parse(columns.definitions(kind)) as readonly Definition[];

/**
 * Columns after the name as upstream's printers define them: `+` marks priority 1, `#` the type integer; all others are
 * strings.
 */
const expected: Readonly<Record<string, string>> = {
  ConfigMap: 'Data, Age',
  Endpoints: 'Endpoints, Age',
  Namespace: 'Status, Age',
  Node: 'Status, Roles, Age, Version, +Internal-IP, +External-IP, +OS-Image, +Kernel-Version, +Container-Runtime',
  Pod: 'Ready, Status, Restarts, Age, +IP, +Node, +Nominated Node, +Readiness Gates',
  ReplicationController: '#Desired, #Current, #Ready, Age, +Containers, +Images, +Selector',
  Secret: 'Type, Data, Age',
  ServiceAccount: 'Age',
  Service: 'Type, Cluster-IP, External-IP, Port(s), Age, +Selector',
  Deployment: 'Ready, Up-to-date, Available, Age, +Containers, +Images, +Selector',
  ReplicaSet: '#Desired, #Current, #Ready, Age, +Containers, +Images, +Selector',
  Lease: 'Holder, Age',
  EndpointSlice: 'AddressType, Ports, Endpoints, Age',
  ComponentStatus: 'Status, Message, Error',
};

const short = ({ name, type, priority }: Definition): string => `${priority === 1 ? '+' : ''}${type === 'integer' ? '#' : ''}${name}`;

describe('column definitions', () => {
  for (const kind of kinds) {
    const expectation = expected[kind.kind];
    if (expectation === undefined) continue; // a kind with a test of its own, or one added since
    it(`are upstream's for ${kind.kind}`, () => {
      const [first, ...rest] = definitionsOf(kind);
      assert.deepEqual([first?.name, first?.type, first?.format, first?.priority], ['Name', 'string', 'name', 0]);
      assert.match(first?.description ?? '', /^Name must be unique within a namespace/);
      assert.equal(rest.map(short).join(', '), expectation);
      assert.ok(rest.every(({ format }) => format === ''));
    });
  }

  it("are upstream's for Event, whose name comes last", () => {
    const event = kinds.find(({ kind }) => kind === 'Event');
    assert.ok(event);
    const definitions = definitionsOf(event);
    assert.equal(
      definitions.map(short).join(', '),
      'Last Seen, Type, Reason, Object, +Subobject, +Source, Message, +First Seen, +Count, +Name',
    );
    assert.equal(definitions.at(-1)?.format, 'name');
  });

  // Upstream looks some descriptions up under names that do not exist.
  const withoutDescription = new Set(['RuntimeClass Handler']);

  it('have a description each, whatever the Kind', () => {
    for (const kind of kinds) {
      for (const { name, description, type } of definitionsOf(kind)) {
        assert.equal(description === '', withoutDescription.has(`${kind.kind} ${name}`), `${kind.kind} ${name}`);
        assert.ok(['string', 'integer', 'number', 'boolean', 'date'].includes(type));
      }
    }
  });

  it('say of a field what its schema says', () => {
    const of = (kindName: string, column: string): string => {
      const kind = kinds.find((item) => item.kind === kindName);
      assert.ok(kind);
      return definitionsOf(kind).find(({ name }) => name === column)?.description ?? '';
    };
    assert.match(of('ConfigMap', 'Data'), /^Data contains the configuration data\./);
    assert.match(of('Pod', 'IP'), /^podIP address allocated to the pod\./);
    assert.match(of('Node', 'Version'), /^Kubelet Version reported by the node\.$/);
    assert.match(of('Service', 'Cluster-IP'), /^clusterIP is the IP address of the service/);
    assert.equal(of('Deployment', 'Ready'), 'Number of the pod with ready state');
    assert.match(of('Pod', 'Age'), /^CreationTimestamp is a timestamp .* in UTC\.\n\nPopulated by the system\./);
  });

  it('are looked up once per Kind, and only for fields', () => {
    const asked: string[] = [];
    const counting = new TableColumns((fields) => {
      asked.push(fields.map(([, field]) => field).join());
      return fields.map(() => 'described');
    });
    for (const kind of kinds.filter(({ kind: name }) => name === 'Namespace' || name === 'ConfigMap')) {
      counting.definitions(kind);
      counting.definitions(kind);
    }
    assert.deepEqual(asked, ['data']);
  });
});
