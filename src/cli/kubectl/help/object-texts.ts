/** Help texts of the verbs that read and change objects on the server. */
import type { HelpText } from './help-text.ts';

const setTexts: Readonly<Record<string, HelpText>> = {
  set: { long: 'Change parts of objects that exist.' },
  'set env': {
    long: 'Set, change and remove environment variables of pods and pod templates, and list them.\n\n NAME=VALUE sets, NAME- removes; values also come from config maps and secrets.',
    examples: [
      ['Set one', 'kubectl set env deployment/web STORAGE=/data'],
      ['List them', 'kubectl set env pods --all --list'],
      ['Take them from a secret', 'kubectl set env --from=secret/db deployment/web'],
      ['Remove one', 'kubectl set env deployment/web STORAGE-'],
    ],
  },
  'set image': {
    long: 'Change images of containers.',
    examples: [
      ['Of two containers', 'kubectl set image deployment/web nginx=nginx:1.29 helper=busybox:1.36'],
      ['Of all containers of all deployments', 'kubectl set image deployments,rc --all "*=nginx:1.29"'],
    ],
  },
  'set resources': {
    long: 'Set how much of each resource containers ask for, and how much they may use.',
    examples: [
      ['Limits and requests', 'kubectl set resources deployment web --limits=cpu=500m,memory=512Mi --requests=cpu=100m,memory=256Mi'],
    ],
  },
  'set selector': {
    long: 'Set the selector of a service. The new one takes the place of the old one, if there was any.',
    examples: [['Select other pods', 'kubectl set selector service web app=web,track=stable']],
  },
  'set serviceaccount': {
    long: 'Set the service account of pod templates.',
    examples: [['Of a deployment', 'kubectl set serviceaccount deployment web robot']],
  },
  'set subject': {
    long: 'Add users, groups or service accounts to the subjects of a role binding or a cluster role binding.',
    examples: [
      ['A service account', 'kubectl set subject clusterrolebinding admin --serviceaccount=default:robot'],
      ['Users and a group', 'kubectl set subject rolebinding admin --user=jane --user=joe --group=devs'],
    ],
  },
};

const rolloutTexts: Readonly<Record<string, HelpText>> = {
  rollout: {
    long: 'Follow, steer and undo the roll-out of objects with pod templates.\n\n Valid resource types include:\n\n  *  deployments\n  *  daemonsets\n  *  statefulsets',
    examples: [
      ['Go back to the revision before', 'kubectl rollout undo deployment/web'],
      ['Wait for the end of a roll-out', 'kubectl rollout status deployment/web'],
    ],
  },
  'rollout history': {
    long: 'Show the revisions of an object, or one of them in detail.',
    examples: [
      ['All', 'kubectl rollout history deployment/web'],
      ['One', 'kubectl rollout history deployment/web --revision=3'],
    ],
  },
  'rollout pause': {
    long: 'Mark objects as paused: changes of their pod templates are not rolled out until they are resumed. Only deployments can be paused.',
    examples: [['Pause', 'kubectl rollout pause deployment/web']],
  },
  'rollout restart': {
    long: 'Replace all pods of objects, as if their pod templates had changed.',
    examples: [
      ['One deployment', 'kubectl rollout restart deployment/web'],
      ['By label', 'kubectl rollout restart deployment --selector=app=web'],
    ],
  },
  'rollout resume': {
    long: 'Resume paused objects. Only deployments can be paused.',
    examples: [['Resume', 'kubectl rollout resume deployment/web']],
  },
  autoscale: {
    long: 'Create an autoscaler that keeps the number of pods of an object between two bounds, by how much the pods use.\n\n The object is a deployment, replica set, stateful set, replication controller, or anything else with a scale.',
    examples: [
      ['Between 2 and 10 pods, by the default policy', 'kubectl autoscale deployment web --min=2 --max=10'],
      ['At 80% of the CPU that the pods ask for', 'kubectl autoscale deployment web --max=5 --cpu=80%'],
      ['By amounts of CPU and memory', 'kubectl autoscale deployment web --min=3 --max=6 --cpu=500m --memory=200Mi'],
    ],
  },
  top: { long: 'Display how much CPU and memory nodes and pods use. The figures are those by which autoscalers decide.' },
  'top node': {
    long: 'Display how much CPU and memory nodes use.',
    examples: [
      ['All nodes', 'kubectl top node'],
      ['One', 'kubectl top node minik'],
    ],
  },
  'top pod': {
    long: 'Display how much CPU and memory pods use.',
    examples: [
      ['Of the namespace', 'kubectl top pod'],
      ['The containers of one', 'kubectl top pod web-0 --containers'],
      ['Those with a label', 'kubectl top pod -l app=web'],
    ],
  },
  certificate: { long: 'Decide on certificate signing requests.', examples: [['Approve one', 'kubectl certificate approve csr-sqgzp']] },
  'certificate approve': {
    long: 'Approve a certificate signing request: its signer then issues the certificate.\n\n Look at what it asks for before you do: the certificate may let its owner act as whoever the request names.',
    examples: [['Approve one', 'kubectl certificate approve csr-sqgzp']],
  },
  'certificate deny': {
    long: 'Deny a certificate signing request: its signer then issues no certificate.',
    examples: [['Deny one', 'kubectl certificate deny csr-sqgzp']],
  },
  'rollout status': {
    long: 'Show how far a roll-out is, and wait for its end unless --watch=false.',
    examples: [['Wait', 'kubectl rollout status deployment/web']],
  },
  'rollout undo': {
    long: 'Go back to an earlier revision.',
    examples: [
      ['To the one before', 'kubectl rollout undo deployment/web'],
      ['To a certain one', 'kubectl rollout undo deployment/web --to-revision=3'],
    ],
  },
};

const nodeTexts: Readonly<Record<string, HelpText>> = {
  cordon: { long: 'Mark node as unschedulable.', examples: [['No new pods for a node', 'kubectl cordon node-1']] },
  uncordon: { long: 'Mark node as schedulable.', examples: [['New pods for a node again', 'kubectl uncordon node-1']] },
  drain: {
    long: 'Prepare a node for maintenance: mark it as unschedulable and evict its pods, as far as their disruption budgets allow.\n\n Pods of daemon sets stay and must be ignored with --ignore-daemonsets; pods without a controller go only with --force, those with an emptyDir only with --delete-emptydir-data. Mirror pods stay. Uncordon the node when it may work again.',
    examples: [
      ['With pods that no controller would make again', 'kubectl drain node-1 --force'],
      ['With a quarter of an hour for each pod', 'kubectl drain node-1 --grace-period=900'],
    ],
  },
  taint: {
    long: 'Add taints to nodes, change them and remove them.\n\n A taint is KEY=VALUE:EFFECT, with the effect NoSchedule, PreferNoSchedule or NoExecute; a trailing minus removes it.',
    examples: [
      ['Add or change one', 'kubectl taint nodes node-1 dedicated=db:NoSchedule'],
      ['Remove one effect', 'kubectl taint nodes node-1 dedicated:NoSchedule-'],
      ['Remove all with a key', 'kubectl taint nodes node-1 dedicated-'],
    ],
  },
};

export const objectTexts: Readonly<Record<string, HelpText>> = {
  ...setTexts,
  ...rolloutTexts,
  ...nodeTexts,
  annotate: {
    long: 'Add annotations to objects, change them and remove them.\n\n Annotations are keys with any text as values, for programs and people; they cannot be selected by. An existing one is changed only with --overwrite.',
    examples: [
      ['Add one', "kubectl annotate pods web description='the shop'"],
      ['Change it', "kubectl annotate --overwrite pods web description='the new shop'"],
      ['Remove it', 'kubectl annotate pods web description-'],
    ],
  },
  'api-resources': {
    long: 'Print the supported API resources on the server.',
    examples: [
      ['With their verbs', 'kubectl api-resources -o wide'],
      ['Only namespaced ones', 'kubectl api-resources --namespaced=true'],
      ['Of one group', 'kubectl api-resources --api-group=apps'],
    ],
  },
  'api-versions': {
    long: 'Print the supported API versions on the server, in the form of "group/version".',
    examples: [['All', 'kubectl api-versions']],
  },
  auth: { long: 'Inspect authorization.' },
  'auth can-i': {
    long: 'Tell whether something is allowed.\n\n VERB is a verb of the API (get, list, watch, delete…), TYPE a resource, NONRESOURCEURL a path that begins with a slash, NAME an object. Exit status: 0 when it is allowed, 1 when not.',
    examples: [
      ['Pods in any namespace', 'kubectl auth can-i create pods --all-namespaces'],
      ['Everything that is allowed here', 'kubectl auth can-i --list'],
      ['As a service account', 'kubectl auth can-i get pods --as=system:serviceaccount:default:robot'],
    ],
  },
  'auth reconcile': {
    long: 'Bring roles, bindings and their counterparts of the cluster to what files say. What is not there is created, with its namespace; existing roles get the permissions that they lack, existing bindings their subjects. With --remove-extra-permissions and --remove-extra-subjects, what the files do not say is taken away.',
    examples: [['From a file', 'kubectl auth reconcile -f rbac.yaml']],
  },
  'auth whoami': {
    long: 'Show as whom the server sees you: name, groups and extra attributes.',
    examples: [['As a table', 'kubectl auth whoami']],
  },
  'cluster-info': {
    long: "Show the addresses of the control plane and of services with the label kubernetes.io/cluster-service=true. To go deeper, use 'kubectl cluster-info dump'.",
    examples: [['The addresses', 'kubectl cluster-info']],
  },
  'cluster-info dump': {
    long: 'Print what helps to find out what is wrong with a cluster: nodes, and events, controllers, services, pods and their logs of namespaces.',
    examples: [
      ['To standard output', 'kubectl cluster-info dump'],
      ['Into a folder', 'kubectl cluster-info dump --output-directory=/tmp/cluster'],
      ['All namespaces', 'kubectl cluster-info dump --all-namespaces'],
    ],
  },
  describe: {
    long: 'Show objects in detail, with what belongs to them, such as events and controllers.\n\n A name that no object has stands for all objects whose names begin with it.',
    examples: [
      ['A node', 'kubectl describe nodes node-1'],
      ['What a file names', 'kubectl describe -f pod.json'],
      ['All pods with a label', 'kubectl describe pods -l app=web'],
    ],
  },
  events: {
    long: 'List events, oldest first, or those about one object.',
    examples: [
      ['Of the current namespace', 'kubectl events'],
      ['About one object, and go on', 'kubectl events --for pod/web --watch'],
      ['Warnings of all namespaces', 'kubectl events -A --types=Warning'],
    ],
  },
  explain: {
    long: 'Describe the fields of resources, as TYPE or TYPE.FIELD.FIELD.',
    examples: [
      ['A resource', 'kubectl explain pods'],
      ['All its fields', 'kubectl explain pods --recursive'],
      ['One field', 'kubectl explain pods.spec.containers'],
    ],
  },
  expose: {
    long: 'Make a service for the pods of a deployment, service, replica set, replication controller or pod.',
    examples: [
      ['Port 80 to port 8000 of the pods', 'kubectl expose deployment web --port=80 --target-port=8000'],
      ['A second service for the same pods', 'kubectl expose service web --port=443 --target-port=8443 --name=web-https'],
    ],
  },
  get: {
    long: 'Show one or many resources, as a table or as -o says.\n\n Completed pods are shown too. The table is made by the server.',
    examples: [
      ['All pods', 'kubectl get pods'],
      ['With node and address', 'kubectl get pods -o wide'],
      ['One object as YAML', 'kubectl get deployment web -o yaml'],
      ['One field', `kubectl get pod web -o template --template={{.status.phase}}`],
      ['Different things at once', 'kubectl get rc/web service/front pods/web-pod-13je7'],
    ],
  },
  label: {
    long: 'Add labels to objects, change them and remove them.\n\n Keys and values begin with a letter or digit and hold letters, digits, hyphens, dots and underscores, up to 63 characters each. An existing one is changed only with --overwrite.',
    examples: [
      ['Add one', 'kubectl label pods web unhealthy=true'],
      ['Change one', 'kubectl label --overwrite pods web status=unhealthy'],
      ['Of all pods of the namespace', 'kubectl label pods --all status=unhealthy'],
      ['Remove one', 'kubectl label pods web bar-'],
    ],
  },
  scale: {
    long: 'Set how many replicas a deployment, replica set, replication controller or stateful set has.\n\n With --current-replicas or --resource-version it is checked first that nobody was faster.',
    examples: [
      ['Three replicas', 'kubectl scale --replicas=3 rs/web'],
      ['Three, if there are two', 'kubectl scale --current-replicas=2 --replicas=3 deployment/web'],
      ['Several at once', 'kubectl scale --replicas=5 rc/one rc/two'],
    ],
  },
  wait: {
    long: 'Wait until objects have a condition, a value, exist, or are gone.',
    examples: [
      ['For a pod to be ready', 'kubectl wait --for=condition=Ready pod/web'],
      ['For a value', "kubectl wait --for=jsonpath='{.status.phase}'=Running pod/web"],
      ['For an object to be gone', 'kubectl wait --for=delete pod/web --timeout=60s'],
    ],
  },
};
