import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Histogram } from '../../../api/histogram.ts';
import { MetricText } from '../../../api/metric-text.ts';
import { Exchange } from '../exchange.ts';
import { sending, testApp } from '../test-app.ts';
import { RequestMetrics } from './request-metrics.ts';

describe('the text of metrics', () => {
  it('has a head for each family, escaped labels, and cumulative buckets', () => {
    const text = new MetricText();
    const histogram = new Histogram([1, 5]);
    for (const amount of [0.5, 1, 3, 9]) histogram.add(amount);
    text.counter('a_total', 'Counts.', [[{ name: 'x"\\\n' }, 2_000_000]]);
    text.gauge('none', 'Not there.', []);
    text.histogram('h', 'Amounts.', [[{ of: 'y' }, histogram]]);
    assert.deepEqual(text.toString().split('\n'), [
      ...[
        '# HELP a_total Counts.',
        '# TYPE a_total counter',
        'a_total{name="x\\"\\\\\\n"} 2e+06',
        '# HELP h Amounts.',
        '# TYPE h histogram',
      ],
      ...[
        'h_bucket{of="y",le="1"} 2',
        'h_bucket{of="y",le="5"} 3',
        'h_bucket{of="y",le="+Inf"} 4',
        'h_sum{of="y"} 13.5',
        'h_count{of="y"} 4',
        '',
      ],
    ]);
  });
});

const aNamespace = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

describe('/metrics', () => {
  const metrics = async (fetch: ReturnType<typeof testApp>['fetch']): Promise<readonly string[]> =>
    (await (await fetch('/metrics')).text()).split('\n');
  const labels = (verb: string, resource: string, scope: string, more = ''): string =>
    `component="apiserver",dry_run="${more}",group="",resource="${resource}",scope="${scope}",subresource="",verb="${verb}",version="v1"`;

  it('notes which deprecated APIs are asked for', async () => {
    const { fetch } = testApp();
    for (const path of ['/apis/apps/v1beta1/deployments', '/apis/apps/v1/deployments', '/api/v1/componentstatuses']) await fetch(path);
    const noted = (await metrics(fetch)).filter((line) => line.startsWith('apiserver_requested_deprecated_apis{'));
    assert.deepEqual(noted, [
      'apiserver_requested_deprecated_apis{group="apps",removed_release="1.16",resource="deployments",subresource="",version="v1beta1"} 1',
      'apiserver_requested_deprecated_apis{group="",removed_release="",resource="componentstatuses",subresource="",version="v1"} 1',
    ]);
  });

  it('counts requests by what they are about, as upstream', async () => {
    const { fetch, json } = testApp();
    await json('/api/v1/namespaces', sending('POST', aNamespace('n')));
    await json('/api/v1/namespaces?dryRun=All', sending('POST', aNamespace('m')));
    await json('/api/v1/namespaces');
    await json('/api/v1/namespaces/n/configmaps');
    await json('/api/v1/namespaces/n/configmaps/a');
    await json('/api/v1/nonsense/a');
    const lines = await metrics(fetch);
    for (const line of [
      `apiserver_request_total{code="201",${labels('POST', 'namespaces', 'resource')}} 1`,
      `apiserver_request_total{code="201",${labels('POST', 'namespaces', 'resource', 'All')}} 1`,
      `apiserver_request_total{code="200",${labels('LIST', 'namespaces', 'cluster')}} 1`,
      `apiserver_request_total{code="200",${labels('LIST', 'configmaps', 'namespace')}} 1`,
      `apiserver_request_total{code="404",${labels('GET', 'configmaps', 'resource')}} 1`,
      'apiserver_request_total{code="404",component="",dry_run="",group="",resource="",scope="",subresource="",verb="GET",version=""} 1',
      `apiserver_request_duration_seconds_count{${labels('LIST', 'configmaps', 'namespace')}} 1`,
      'apiserver_request_sli_duration_seconds_count{component="apiserver",group="",resource="namespaces",scope="resource",subresource="",verb="POST",version="v1"} 1',
      'apiserver_current_inqueue_requests{request_kind="readOnly"} 0',
      'apiserver_current_inflight_requests{request_kind="mutating"} 0',
      'apiserver_current_inflight_requests{request_kind="readOnly"} 1',
    ]) {
      assert.ok(lines.includes(line), line);
    }
    assert.ok(
      lines.some((line) => /^apiserver_response_sizes_sum\{component="apiserver",group="",resource="namespaces",.*verb="LIST"/.test(line)),
    );
    assert.ok(lines.some((line) => line.startsWith('kubernetes_build_info{build_date=')));
    assert.ok(lines.some((line) => line.startsWith('process_resident_memory_bytes ')));
  });

  it('counts the time that webhooks take apart, and requests that took too long', async () => {
    const requests = new RequestMetrics(() => true);
    const exchange = new Exchange(new Request('https://localhost/api/v1/namespaces', { method: 'POST' }), undefined, 0);
    exchange.waited('admit', 2000);
    exchange.waited('admit', 1000);
    exchange.waited('validating', 4000);
    exchange.waited('validating', 500);
    requests.record(exchange, 504, 7100);
    const text = new MetricText();
    requests.write(text);
    const line = (name: string) =>
      text
        .toString()
        .split('\n')
        .find((one) => one.startsWith(`${name}{`));
    assert.match(line('apiserver_request_duration_seconds_sum') ?? '', / 7\.1$/);
    assert.match(line('apiserver_request_sli_duration_seconds_sum') ?? '', / 0\.1/);
    assert.match(line('apiserver_request_terminations_total') ?? '', /code="504".* 1$/);
  });

  it('counts senders, refusals, and flows', async () => {
    const flow = { flowSchema: 'exempt', priorityLevel: 'top', flowSchemaUid: 'u', priorityLevelUid: 'v' };
    const authorizer = { authorize: ({ verb }: { readonly verb: string }) => ({ allowed: verb !== 'list', reason: '' }) };
    const { fetch } = testApp({ classify: () => flow, authorizer });
    await fetch('/api/v1/namespaces/a');
    await fetch('/api/v1/namespaces');
    await fetch('/api/v1/namespaces', { headers: { authorization: 'Bearer bad' } });
    const lines = await metrics(fetch);
    for (const line of [
      // The request for the metrics is one of them.
      'authentication_attempts{result="success"} 3',
      'authentication_attempts{result="failure"} 1',
      'authenticated_user_requests{username="admin"} 3',
      'authorization_attempts_total{result="allowed"} 2',
      'authorization_attempts_total{result="no-opinion"} 1',
      'authentication_duration_seconds_count{result="success"} 3',
      'authentication_duration_seconds_count{result="failure"} 1',
      'authorization_duration_seconds_count{result="allowed"} 2',
      'authorization_duration_seconds_count{result="no-opinion"} 1',
      'authorization_duration_seconds_bucket{result="allowed",le="+Inf"} 2',
      'apiserver_flowcontrol_dispatched_requests_total{flow_schema="exempt",priority_level="top"} 2',
      'apiserver_flowcontrol_request_execution_seconds_count{flow_schema="exempt",priority_level="top",type="regular"} 2',
    ]) {
      assert.ok(lines.includes(line), line);
    }
    assert.ok(lines.some((line) => /^process_open_fds \d+/.test(line)) || process.platform !== 'linux');
  });

  it('does not grow with requests for what is not served', async () => {
    const { fetch } = testApp();
    await fetch('/api/v1/nonsense0/a');
    const before = (await metrics(fetch)).length;
    for (let index = 0; index < 20; index++) await fetch(`/api/v1/nonsense${index}/a${index}`);
    // The request for the metrics itself was counted for the first time.
    const grown = (await metrics(fetch)).length - before;
    assert.ok(grown <= (await metrics(fetch)).filter((line) => line.includes('subresource="/metrics"')).length, `${grown}`);
  });

  it('shows open watches, the events sent to them, and what other parts count', async () => {
    const { fetch, json } = testApp({ metrics: [{ write: (text) => text.gauge('own', 'Its own.', [[{}, 7]]) }] });
    const watch = await fetch('/api/v1/namespaces?watch=1');
    const reader = watch.body?.getReader();
    await json('/api/v1/namespaces', sending('POST', aNamespace('n')));
    await reader?.read();
    const open =
      'apiserver_longrunning_requests{component="apiserver",group="",resource="namespaces",scope="cluster",subresource="",verb="WATCH",version="v1"} 1';
    const lines = await metrics(fetch);
    assert.ok(lines.includes(open), lines.filter((line) => line.startsWith('apiserver_longrunning')).join());
    const sent = '{group="",resource="namespaces",version="v1"} ';
    assert.ok(lines.some((line) => line.startsWith(`apiserver_watch_events_total${sent}`)));
    const bytes = lines.find((line) => line.startsWith(`apiserver_watch_events_sizes_sum${sent}`))?.split(' ')[1];
    assert.ok(Number(bytes) > 100, bytes);
    assert.ok(lines.includes('own 7'));
    await reader?.cancel();
    assert.ok(!(await metrics(fetch)).includes(open));
  });
});

describe('/metrics/resources', () => {
  it('shows what is too much for each look at the others', async () => {
    const { fetch } = testApp({ resourceMetrics: [{ write: (text) => text.gauge('requests', 'Of Pods.', [[{ pod: 'p' }, 1]]) }] });
    assert.match(await (await fetch('/metrics/resources')).text(), /^requests\{pod="p"\} 1$/m);
    assert.doesNotMatch(await (await fetch('/metrics')).text(), /^requests/m);
  });
});

describe('/metrics/slis', () => {
  it('shows the last and all results of each health check, those of its own look among them', async () => {
    let healthy = true;
    const check = () => (healthy ? undefined : Promise.reject(new Error('disk full')));
    const { fetch } = testApp({ healthChecks: [{ name: 'etcd', endpoints: ['readyz'], check }] });
    await fetch('/readyz');
    healthy = false;
    await fetch('/readyz');
    await fetch('/livez/ping');
    const lines = (await (await fetch('/metrics/slis')).text()).split('\n');
    for (const line of [
      'kubernetes_healthcheck{name="etcd",type="readyz"} 0',
      'kubernetes_healthcheck{name="ping",type="livez"} 1',
      'kubernetes_healthchecks_total{name="etcd",status="error",type="readyz"} 2',
      'kubernetes_healthchecks_total{name="etcd",status="success",type="readyz"} 1',
      'kubernetes_healthchecks_total{name="ping",status="success",type="readyz"} 3',
      'kubernetes_healthcheck{name="log",type="healthz"} 1',
    ]) {
      assert.ok(lines.includes(line), line);
    }
  });
});
