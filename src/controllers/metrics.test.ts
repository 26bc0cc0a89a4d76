/** Upstream's metrics of controllers and scheduler, by which dashboards and alerts go. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { lease } from '../api/kinds/coordination/lease.ts';
import { node } from '../api/kinds/core/node.ts';
import { pod } from '../api/kinds/core/pod.ts';
import { rfc3339 } from '../api/time.ts';
import { cronJobController } from './cron-jobs/cron-job-controller.ts';
import { endpointSliceController } from './endpoints/endpoint-slice-controller.ts';
import { jobController } from './jobs/job-controller.ts';
import { ttlAfterFinishedController } from './jobs/ttl-after-finished.ts';
import { rootCaController } from './namespace-defaults.ts';
import { nodeLifecycleController } from './nodes/node-lifecycle.ts';
import { podGcController } from './nodes/pod-gc.ts';
import { taintEvictionController } from './nodes/taint-eviction.ts';
import { startScheduler } from './scheduler/scheduler.ts';
import { aNode, aPod, makeReady, podSpec } from './testing/objects.ts';
import { startTestCluster, type TestCluster } from './testing/test-cluster.ts';

const only = (cluster: TestCluster, prefix: string): readonly string[] =>
  cluster
    .meters()
    .filter((line) => line.startsWith(prefix))
    .toSorted();

const aJob = (name: string, spec: object = {}) => ({
  ...{ apiVersion: 'batch/v1', kind: 'Job', metadata: { name, namespace: 'default' } },
  spec: { template: { spec: { ...podSpec, restartPolicy: 'Never' } }, ...spec },
});

async function end(cluster: TestCluster, phase: 'Succeeded' | 'Failed'): Promise<void> {
  for (const one of await cluster.list(pod)) {
    if (one.status.phase === 'Pending') await cluster.api(pod).updateStatus({ ...one, status: { ...one.status, phase } });
  }
  await cluster.settle();
}

describe('metrics of controllers', () => {
  it('count the Pods of Jobs, their ends, and how long ended Jobs are kept too long', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [jobController(), ttlAfterFinishedController] });
    await cluster.apply(aJob('good', { completions: 2, parallelism: 2, completionMode: 'Indexed', ttlSecondsAfterFinished: 5 }));
    await cluster.settle();
    await end(cluster, 'Succeeded');
    await cluster.pass(5);
    await cluster.apply(aJob('bad', { backoffLimit: 0 }));
    await cluster.settle();
    await end(cluster, 'Failed');
    await cluster.pass(5);
    const lines = new Set(cluster.meters());
    for (const line of [
      'job_controller_jobs_finished_total{completion_mode="Indexed",result="succeeded",reason="CompletionsReached"} 1',
      'job_controller_jobs_finished_total{completion_mode="NonIndexed",result="failed",reason="BackoffLimitExceeded"} 1',
      'job_controller_job_pods_finished_total{completion_mode="Indexed",result="succeeded"} 2',
      'job_controller_job_pods_finished_total{completion_mode="NonIndexed",result="failed"} 1',
      'job_controller_job_finished_indexes_total{status="succeeded",backoffLimit="global"} 2',
      'job_controller_job_pods_creation_total{reason="new",status="succeeded"} 3',
      'ttl_after_finished_controller_job_deletion_duration_seconds_count{} 1',
    ])
      assert.ok(lines.has(line), `${line}\n\n${[...lines].join('\n')}`);
    assert.match(
      only(cluster, 'job_controller_job_syncs_total{completion_mode="NonIndexed",result="success",action="pods_created"}')[0] ?? '',
      / 1$/,
    );
  });

  it('count what the policies of Jobs make of failed Pods, and the ended Pods that are held until they are counted', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [jobController()] });
    const rule = (action: string, value: number) => ({ action, onExitCodes: { operator: 'In', values: [value] } });
    const podFailurePolicy = { rules: [rule('Ignore', 1), rule('Count', 2), rule('FailJob', 3)] };
    await cluster.apply(aJob('judged', { podFailurePolicy, backoffLimit: 5, completions: 3, parallelism: 3 }));
    await cluster.settle();
    for (const [i, one] of (await cluster.list(pod)).entries()) {
      const state = { terminated: { exitCode: i + 1, finishedAt: rfc3339(cluster.clock.now()) } };
      const containerStatuses = [{ name: 'c', image: 'x', imageID: '', ready: false, restartCount: 0, state }];
      await cluster.api(pod).updateStatus({ ...one, status: { ...one.status, phase: 'Failed', containerStatuses } });
      await cluster.settle();
    }
    for (const line of [
      ...['Ignore', 'Count', 'FailJob'].map(
        (action) => `job_controller_pod_failures_handled_by_failure_policy_total{action="${action}"} 1`,
      ),
      'job_controller_terminated_pods_tracking_finalizer_total{event="add"} 3',
      'job_controller_terminated_pods_tracking_finalizer_total{event="delete"} 3',
    ])
      assert.ok(cluster.meters().includes(line), `${line}\n\n${cluster.meters().join('\n')}`);
  });

  it('note how late the Jobs of CronJobs come', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [cronJobController] });
    const spec = { schedule: '* * * * *', jobTemplate: { spec: aJob('').spec } };
    await cluster.apply({ apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'c', namespace: 'default' }, spec });
    await cluster.pass(61);
    assert.deepEqual(only(cluster, 'cronjob_controller'), ['cronjob_controller_job_creation_skew_duration_seconds_count{} 1']);
  });

  it('show the health of zones, and whose Pods are evicted and collected', async (t) => {
    const controllers = [nodeLifecycleController(), taintEvictionController(), podGcController()];
    const cluster = await startTestCluster(t, { controllers, namespaces: ['kube-node-lease'] });
    const zone = (name: string) => ({ metadata: { name, labels: { 'topology.kubernetes.io/zone': 'z' } } });
    for (const name of ['a', 'b']) await cluster.apply(aNode(name, zone(name)));
    await cluster.apply(aPod('p', { nodeName: 'a', tolerations: [] }));
    await cluster.settle();
    const renew = async (): Promise<void> => {
      const renewTime = `${rfc3339(cluster.clock.now()).slice(0, -1)}.000000Z`;
      const metadata = { name: 'b', namespace: 'kube-node-lease' };
      await cluster.api(lease).patch(metadata, { type: 'merge', body: { spec: { renewTime } } });
    };
    await cluster.apply({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'b', namespace: 'kube-node-lease' },
      spec: { holderIdentity: 'b' },
    });
    for (let i = 0; i < 7; i++) {
      await renew();
      await cluster.pass(10);
    }
    const key = JSON.stringify(':\0:z');
    const has = (line: string): void => assert.ok(cluster.meters().includes(line), `${line}\n\n${cluster.meters().join('\n')}`);
    has(`node_collector_zone_size{zone=${key}} 2`);
    has(`node_collector_zone_health{zone=${key}} 50`);
    has(`node_collector_unhealthy_nodes_in_zone{zone=${key}} 1`);
    has(`node_collector_evictions_total{zone=${key}} 1`);
    has('taint_eviction_controller_pod_deletions_total{} 1');
    await cluster.api(node).delete({ namespace: '', name: 'a' });
    await cluster.apply(aPod('lost', { nodeName: 'a' }));
    await cluster.pass(41);
    assert.match(only(cluster, 'pod_gc_collector_force_delete_pods_total{namespace="default",reason="orphaned"}')[0] ?? '', / [12]$/);
  });

  it('count what is published in namespaces, and the slices of Services', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [rootCaController('PEM'), endpointSliceController()] });
    const spec = { selector: { app: 'web' }, ports: [{ port: 80 }], trafficDistribution: 'PreferClose' };
    await cluster.apply({ apiVersion: 'v1', kind: 'Service', metadata: { name: 's', namespace: 'default' }, spec });
    for (const name of ['a', 'b']) await cluster.apply(aPod(name));
    await cluster.settle();
    await makeReady(cluster);
    const has = (line: string): void => assert.ok(cluster.meters().includes(line), `${line}\n\n${cluster.meters().join('\n')}`);
    has('endpoint_slice_controller_num_endpoint_slices{} 1');
    has('endpoint_slice_controller_desired_endpoint_slices{} 1');
    has('endpoint_slice_controller_endpoints_desired{} 2');
    has('endpoint_slice_controller_services_count_by_traffic_distribution{traffic_distribution="PreferClose"} 1');
    for (const what of ['added', 'removed'])
      assert.match(only(cluster, `endpoint_slice_controller_endpoints_${what}_per_sync_count{}`)[0] ?? '', / [1-9]\d*$/);
    assert.match(only(cluster, 'endpoint_slice_controller_syncs{result="success"}')[0] ?? '', / \d+$/);
    assert.match(only(cluster, 'root_ca_cert_publisher_sync_total{code="200"}')[0] ?? '', / \d+$/);
  });

  it('tell how the scheduler fares: attempts by their result, and what waits for what', async (t) => {
    const cluster = await startTestCluster(t, { parts: [startScheduler] });
    await cluster.apply(aNode('n'));
    await cluster.apply(aPod('fits'));
    await cluster.apply(aPod('elsewhere', { nodeSelector: { disk: 'none' } }));
    await cluster.apply(aPod('gated', { schedulingGates: [{ name: 'example.com/g' }] }));
    await cluster.settle();
    for (const line of [
      'scheduler_schedule_attempts_total{result="scheduled",profile="default-scheduler"} 1',
      'scheduler_schedule_attempts_total{result="unschedulable",profile="default-scheduler"} 1',
      'scheduler_scheduling_attempt_duration_seconds_count{result="scheduled",profile="default-scheduler"} 1',
      'scheduler_pod_scheduling_sli_duration_seconds_count{attempts="1"} 1',
      'scheduler_pod_scheduling_attempts_count{} 1',
      'scheduler_preemption_attempts_total{} 1',
      'scheduler_pending_pods{queue="active"} 0',
      'scheduler_pending_pods{queue="unschedulable"} 1',
      'scheduler_pending_pods{queue="gated"} 1',
      'scheduler_unschedulable_pods{plugin="NodeAffinity",profile="default-scheduler"} 1',
      'scheduler_cache_size{type="nodes"} 1',
      'scheduler_cache_size{type="pods"} 1',
    ])
      assert.ok(cluster.meters().includes(line), `${line}\n\n${cluster.meters().join('\n')}`);
  });

  it('tell what brings Pods into the queues of the scheduler, and how its plugins are run', async (t) => {
    const cluster = await startTestCluster(t, { parts: [startScheduler] });
    await cluster.apply(aNode('n'));
    await cluster.apply(aPod('gated', { schedulingGates: [{ name: 'example.com/g' }], nodeSelector: { disk: 'none' } }));
    await cluster.settle();
    const incoming = () =>
      only(cluster, 'scheduler_queue_incoming_pods_total').map((line) => line.slice('scheduler_queue_incoming_pods_total'.length));
    assert.deepEqual(incoming(), ['{queue="unschedulable",event="UnschedulablePodAdd"} 1']);
    await cluster.api(pod).patch({ namespace: 'default', name: 'gated' }, { type: 'merge', body: { spec: { schedulingGates: null } } });
    await cluster.settle();
    await cluster.api(node).patch({ namespace: '', name: 'n' }, { type: 'merge', body: { metadata: { labels: { disk: 'none' } } } });
    await cluster.settle();
    assert.deepEqual(incoming(), [
      '{queue="active",event="PopFromBackoffQ"} 1',
      '{queue="active",event="UnschedulablePodUpdatePodSchedulingGatesEliminated"} 1',
      '{queue="backoff",event="NodeUpdateNodeLabel"} 1',
      '{queue="unschedulable",event="ScheduleAttemptFailure"} 1',
      '{queue="unschedulable",event="UnschedulablePodAdd"} 1',
    ]);
    const points = only(cluster, 'scheduler_framework_extension_point_duration_seconds_count').map((line) =>
      line.replace(/.*extension_point="(\w+)",status="(\w+)",profile="(\S+)"\} (\d+)/, '$1 $2 $3 $4'),
    );
    for (const point of [
      ...['PreFilter Success default-scheduler 2', 'Filter Success default-scheduler 2'],
      ...['PreEnqueue UnschedulableAndUnresolvable default-scheduler 1', 'Reserve Success default-scheduler 1'],
      ...['Permit Success default-scheduler 1', 'PreBindPreFlight Skip default-scheduler 1', 'Bind Success default-scheduler 1'],
      ...['PreBind Success default-scheduler 1', 'PostBind Success default-scheduler 1'],
    ])
      assert.ok(points.includes(point), `${point}\n\n${points.join('\n')}`);
    assert.ok(
      points.some((point) => point.startsWith('PostFilter Unschedulable')),
      points.join('\n'),
    );
    const runs = only(cluster, 'scheduler_plugin_evaluation_total{plugin="NodeAffinity",extension_point="Filter"');
    assert.deepEqual(runs, [
      'scheduler_plugin_evaluation_total{plugin="NodeAffinity",extension_point="Filter",profile="default-scheduler"} 2',
    ]);
    assert.match(only(cluster, 'scheduler_scheduling_algorithm_duration_seconds_count')[0] ?? '', / 2$/);
  });
});
