/** Why specs fail that cannot pass, on some machines or on any, and which are not even tried. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { SpecResult } from './report.ts';

interface Explanation {
  readonly specs: RegExp;
  readonly why: string;
  /** Whether the machine is one on which they cannot pass. */
  holds(): boolean;
}

const always = (): boolean => true;

const outputOf = (program: string, args: readonly string[]): string => spawnSync(program, args, { encoding: 'utf8' }).stdout ?? '';

/** As where the daemon itself runs in a container, or with less than all capabilities. */
const refusesPrivileged = (): boolean =>
  spawnSync('docker', ['run', '--rm', '--privileged', '--network=none', 'busybox:1.36', 'true'], { stdio: 'ignore' }).status !== 0;

/** As of kernels that are built for virtual machines: without the driver of dummy interfaces. */
const hasNoDummies = (): boolean => {
  const script = 'ip link add dummy1 type dummy';
  return (
    spawnSync('docker', ['run', '--rm', '--cap-add=NET_ADMIN', '--network=none', 'busybox:1.36', 'sh', '-c', script], { stdio: 'ignore' })
      .status !== 0
  );
};

/** `shared:` among the optional fields of a line says that the mount is shared. See proc(5). */
const hasPrivateRoot = (): boolean =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .some((line) => line.split(' ')[4] === '/' && !/ shared:\d+ /.test(line));

/** Specs of the wider set that are not run, because none can pass: each would wait for minutes. */
export const leftOut: readonly Pick<Explanation, 'specs' | 'why'>[] = [
  {
    specs: /\[Driver: csi-hostpath|CSI Mock/,
    why: "minik's kubelets register no CSI drivers",
  },
  {
    specs: /\[Driver: nfs|NFS|DynamicProvisioner External/,
    why: 'their NFS server is one of the kernel, in an image that is not made here',
  },
];

const unprivileged = 'the Docker daemon of this machine refuses privileged containers (`unable to apply caps: operation not permitted`)';

const explanations: readonly Explanation[] = [
  {
    specs: /\[Driver: (local|hostPath|hostPathSymlink)\]|\[Driver: emptydir\].* (subPath|volumes) |PersistentVolumes-(local|expansion)/,
    why: `privileged pods prepare its volume or use it, and ${unprivileged}; where the daemon runs them it passes`,
    holds: refusesPrivileged,
  },
  {
    specs:
      /Job should (allow to use a pod failure policy to ignore failure matching on|run a job to completion when tasks sometimes fail and are not locally)/,
    why: `its pod is privileged, and ${unprivileged}; where the daemon runs them it passes`,
    holds: refusesPrivileged,
  },
  {
    specs: /Mount propagation should propagate mounts within defined scopes/,
    why: 'its pods share mounts with the host, whose root is no shared mount on this machine (Docker: `is mounted on / but it is not a shared mount`)',
    holds: hasPrivateRoot,
  },
  {
    specs: /Mount propagation should propagate mounts within defined scopes/,
    why: "it looks for a process of the name kubelet on the host; minik's kubelets are parts of its one process",
    holds: always,
  },
  {
    specs: /PrivilegedPod .*should enable privileged commands/,
    why: "it makes a dummy network interface, for which this machine's kernel has no driver",
    holds: hasNoDummies,
  },
  {
    specs: /creating a Pod with an SCTP HostPort/,
    why: "the Docker daemon listens on the port, and this machine's kernel has no SCTP",
    holds: () => !readFileSync('/proc/net/protocols', 'utf8').includes('SCTP'),
  },
  {
    specs: /API priority and fairness should ensure that requests can be classified/,
    why: 'minik keeps FlowSchemas and PriorityLevelConfigurations, but does not sort requests by them',
    holds: always,
  },
  {
    specs: /preserve source pod IP for traffic thru service cluster IP|implement NodePort and HealthCheckNodePort correctly when/,
    why: "the Service proxy is a program, whose connections come from the bridge's gateway (docs/network.md)",
    holds: always,
  },
  {
    specs: /internalTrafficPolicy=Local Pod (and Node, to Pod )?\(hostNetwork: true\)/,
    why: "pods with the host's network have the name of the one machine that all nodes are, and are served by endpoints on all nodes (docs/network.md)",
    holds: always,
  },
  {
    specs: /Topology Hints should distribute endpoints evenly/,
    why: 'the first node has the role of the control plane and runs pods, too: upstream leaves its CPUs out, and what is left is uneven; without the label it passes',
    holds: always,
  },
  {
    specs: /Networking Granular Checks: Services should function for service endpoints using hostNetwork/,
    why: "two pods with the host's network listen on one port, each on a node of its own; all nodes are one machine",
    holds: always,
  },
  {
    specs: /KubeProxy should set TCP CLOSE_WAIT timeout|Networking should check kube-proxy urls/,
    why: 'it looks for what a kube-proxy does with conntrack, or for its port; the Service proxy is a part of minik (docs/network.md)',
    holds: always,
  },
  {
    specs: /connect to a service via ExternalIP when the external IP is not assigned to a node/,
    why: 'externalIPs work only for addresses that the host already has (docs/network.md)',
    holds: always,
  },
  {
    specs: /Service CIDRs should create Services and serve on different Service CIDRs/,
    why: "only the cluster's own range is made local to the host: another might be somebody's network (docs/network.md)",
    holds: always,
  },
  {
    specs: /DNS configMap/,
    why: 'it looks for the pods of a DNS server in kube-system; the DNS is a part of minik (docs/network.md)',
    holds: always,
  },
  {
    specs: /DNS should support configurable pod resolv\.conf/,
    why: "its DNS server is the CoreDNS in upstream's agnhost image, which the image made here lacks",
    holds: always,
  },
  {
    specs: /RuntimeClass .*scheduling with/,
    why: "it needs a runtime of the name test-handler, which upstream's machines have",
    holds: () => !outputOf('docker', ['info', '--format', '{{range $name, $_ := .Runtimes}}{{$name}} {{end}}']).includes('test-handler'),
  },
];

/** The results, with the reasons of specs that fail because of the machine. */
export const explained = (specs: readonly SpecResult[]): readonly SpecResult[] =>
  specs.map((spec) => {
    const found = spec.outcome === 'failed' ? explanations.find((each) => each.specs.test(spec.name) && each.holds()) : undefined;
    return found === undefined ? spec : { ...spec, reason: found.why };
  });

/** What the results depend on of this machine, in words that end a sentence which begins with "a machine whose". */
export const machineFacts = (): string =>
  [
    `Docker daemon ${refusesPrivileged() ? 'refuses' : 'runs'} privileged containers`,
    `root is ${hasPrivateRoot() ? 'no shared mount' : 'a shared mount'}`,
    `kernel ${hasNoDummies() ? 'has no' : 'has a'} driver of dummy interfaces`,
  ].join(', whose ');
