/** Help texts of the verbs that work on manifests: apply, create, delete, diff, edit, patch, replace. */
import type { HelpText } from './help-text.ts';

const generators: Readonly<Record<string, HelpText>> = {
  'create clusterrole': {
    long: 'Create a cluster role: rules for resources, for URLs that are no resources, or an aggregation of other cluster roles.',
    examples: [
      ['Let pods be read everywhere', 'kubectl create clusterrole pod-reader --verb=get,list,watch --resource=pods'],
      ['Let one URL and all below it be read', 'kubectl create clusterrole log-reader --verb=get --non-resource-url=/logs/*'],
      [
        'Collect the rules of other cluster roles by label',
        'kubectl create clusterrole all-monitoring --aggregation-rule="monitoring=true"',
      ],
    ],
  },
  'create clusterrolebinding': {
    long: 'Bind users, groups and service accounts to a cluster role, in all namespaces.',
    examples: [
      [
        'Make two users and a group administrators',
        'kubectl create clusterrolebinding admins --clusterrole=cluster-admin --user=ann --user=ben --group=ops',
      ],
    ],
  },
  'create configmap': {
    long: 'Create a config map from files, folders, lines of a file, or values on the command line.\n\n A file is kept under its own name unless KEY=FILE gives another; a folder contributes every regular file whose name is a valid key.',
    examples: [
      ['From all files of a folder', 'kubectl create configmap settings --from-file=conf/'],
      ['From two values', 'kubectl create configmap settings --from-literal=mode=dark --from-literal=size=10'],
      ['From the lines of a file', 'kubectl create configmap settings --from-env-file=app.env'],
    ],
  },
  'create cronjob': {
    long: 'Create a cron job with the specified name.',
    examples: [['Print the date every five minutes', 'kubectl create cronjob clock --image=busybox --schedule="*/5 * * * *" -- date']],
  },
  'create deployment': {
    long: 'Create a deployment with the specified name.',
    examples: [
      ['Three replicas of an image that listens on port 80', 'kubectl create deployment web --image=nginx --replicas=3 --port=80'],
      ['With a command', 'kubectl create deployment sleeper --image=busybox -- sleep 1d'],
    ],
  },
  'create ingress': {
    long: 'Create an ingress with the specified name.',
    examples: [
      ['One host, one path', 'kubectl create ingress web --rule="shop.example.com/cart=cart:8080"'],
      ['A prefix, with a certificate', 'kubectl create ingress web --class=main --rule="shop.example.com/*=shop:http,tls=shop-cert"'],
    ],
  },
  'create job': {
    long: 'Create a job with the specified name, from an image or from a cron job.',
    examples: [
      ['Run a command once', 'kubectl create job hello --image=busybox -- echo hello'],
      ['Start a cron job now', 'kubectl create job now --from=cronjob/nightly'],
    ],
  },
  'create namespace': {
    long: 'Create a namespace with the specified name.',
    examples: [['A namespace', 'kubectl create namespace team-a']],
  },
  'create poddisruptionbudget': {
    long: 'Create a pod disruption budget: how many of the selected pods must stay, or may be away.',
    examples: [
      ['One pod of the app must stay', 'kubectl create poddisruptionbudget web --selector=app=web --min-available=1'],
      ['At most a fifth may be away', 'kubectl create pdb web --selector=app=web --max-unavailable=20%'],
    ],
  },
  'create priorityclass': {
    long: 'Create a priority class with the specified name, value, default and description.',
    examples: [['A class that goes first', 'kubectl create priorityclass urgent --value=1000 --description="before all else"']],
  },
  'create quota': {
    long: 'Create a resource quota with the specified name, hard limits and optional scopes.',
    examples: [['Limit processors and pods', 'kubectl create quota small --hard=cpu=2,pods=10']],
  },
  'create role': {
    long: 'Create a role with a single set of verbs.',
    examples: [
      ['Let pods be read', 'kubectl create role pod-reader --verb=get,list,watch --resource=pods'],
      ['Let one deployment be scaled', 'kubectl create role scaler --verb=patch --resource=deployments.apps/scale --resource-name=web'],
    ],
  },
  'create rolebinding': {
    long: 'Bind users, groups and service accounts to a role or cluster role within a namespace.',
    examples: [['Let a service account edit', 'kubectl create rolebinding deployer --clusterrole=edit --serviceaccount=ci:deployer']],
  },
  'create secret': { long: 'Create a secret: of any data, of a TLS certificate and its key, or of an account at an image registry.' },
  'create secret docker-registry': {
    long: 'Create a secret with an account at an image registry, for use as an image pull secret.',
    examples: [
      [
        'An account',
        'kubectl create secret docker-registry pull --docker-server=registry.example.com --docker-username=ann --docker-password=secret',
      ],
      [
        'What docker login has written',
        'kubectl create secret docker-registry pull --from-file=.dockerconfigjson=$HOME/.docker/config.json',
      ],
    ],
  },
  'create secret generic': {
    long: 'Create a secret from files, folders, lines of a file, or values on the command line.',
    examples: [
      ['From a value', 'kubectl create secret generic db --from-literal=password=hunter2'],
      ['From a file under another name', 'kubectl create secret generic key --from-file=ssh=~/.ssh/id_ed25519'],
    ],
  },
  'create secret tls': {
    long: 'Create a secret with a certificate and its private key, which must belong together and be PEM encoded.',
    examples: [['A pair', 'kubectl create secret tls shop --cert=shop.crt --key=shop.key']],
  },
  'create service': { long: 'Create a service using a specified subcommand.' },
  'create service clusterip': {
    long: 'Create a service that is reached within the cluster.',
    examples: [
      ['Port 80 to port 8080 of the pods', 'kubectl create service clusterip web --tcp=80:8080'],
      ['Without an address of its own', 'kubectl create service clusterip web --clusterip="None"'],
    ],
  },
  'create service externalname': {
    long: 'Create a service that is another name for a host outside of the cluster.',
    examples: [['A name for a host', 'kubectl create service externalname db --external-name=db.example.com']],
  },
  'create service loadbalancer': {
    long: 'Create a service that is reached from outside through a load balancer.',
    examples: [['Port 80 to port 8080', 'kubectl create service loadbalancer web --tcp=80:8080']],
  },
  'create service nodeport': {
    long: 'Create a service that is reached at a port of every node.',
    examples: [['A port of one’s choice', 'kubectl create service nodeport web --tcp=80:8080 --node-port=30080']],
  },
  'create serviceaccount': {
    long: 'Create a service account with the specified name.',
    examples: [['A service account', 'kubectl create serviceaccount robot']],
  },
  'create token': {
    long: 'Request a token with which one acts as a service account.',
    examples: [
      ['A token for a service account of the current namespace', 'kubectl create token robot'],
      ['One that ends with a pod', 'kubectl create token robot --duration=10m --bound-object-kind=Pod --bound-object-name=web-0'],
    ],
  },
};

export const manifestTexts: Readonly<Record<string, HelpText>> = {
  ...generators,
  apply: {
    long: 'Make objects as files or standard input say. Objects that do not exist are created; of those that do, only what the files say is changed, and what an earlier apply said and this one does not is taken away.\n\n JSON and YAML formats are accepted.',
    examples: [
      ['Apply a file', 'kubectl apply -f ./web.yaml'],
      ['Apply standard input', 'cat web.yaml | kubectl apply -f -'],
      ['Delete what earlier runs made with this label and the file no longer names', 'kubectl apply --prune -f web.yaml -l app=web'],
      ['Let the server merge', 'kubectl apply --server-side -f web.yaml'],
    ],
  },
  'apply edit-last-applied': {
    long: 'Open in an editor what was applied last to objects, and save it there without changing the objects otherwise.',
    examples: [['Edit what was applied last', 'kubectl apply edit-last-applied deployment/web']],
  },
  'apply set-last-applied': {
    long: 'Note the content of a file on objects as what was applied last, without changing the objects otherwise.',
    examples: [
      ['As if the file had been applied', 'kubectl apply set-last-applied -f web.yaml'],
      ['Also where nothing was applied before', 'kubectl apply set-last-applied -f web.yaml --create-annotation=true'],
    ],
  },
  'apply view-last-applied': {
    long: 'Show what was applied last to objects, as YAML or JSON.',
    examples: [['As JSON', 'kubectl apply view-last-applied -f web.yaml -o json']],
  },
  create: {
    long: 'Create objects from files or standard input, or with a sub-command from what the command line says.\n\n JSON and YAML formats are accepted.',
    examples: [
      ['Create what a file describes', 'kubectl create -f ./pod.json'],
      ['Create what standard input describes', 'cat pod.json | kubectl create -f -'],
    ],
  },
  delete: {
    long: 'Delete objects by file, by name, or by selector.\n\n JSON and YAML formats are accepted. Pods and other objects with work to end are given time to do so; --grace-period sets how long, and --force takes them from the API at once, without waiting for a word that their containers have ended.',
    examples: [
      ['What a file describes', 'kubectl delete -f ./pod.json'],
      ['A pod and a service of the same name', 'kubectl delete pod,service web'],
      ['By label', 'kubectl delete pods,services -l app=web'],
      ['At once', 'kubectl delete pod web --now'],
    ],
  },
  diff: {
    long: 'Show what apply would change: what is on the server beside what it would be.\n\n KUBECTL_EXTERNAL_DIFF names another program than "diff -u -N" to compare with.\n\n Exit status: 0 without differences, 1 with differences, above 1 when something failed.',
    examples: [
      ['Of a file', 'kubectl diff -f web.yaml'],
      ['Of standard input', 'cat web.yaml | kubectl diff -f -'],
    ],
  },
  edit: {
    long: 'Open objects of the server in an editor and send what was changed.\n\n The editor is that of KUBE_EDITOR or EDITOR, or vi. The format is YAML, or JSON with -o json. What the server refuses is opened again, with its reasons.',
    examples: [
      ['Edit a service', 'kubectl edit svc/web'],
      ['With another editor', 'KUBE_EDITOR="nano" kubectl edit svc/web'],
      ['As JSON', 'kubectl edit job.v1.batch/import -o json'],
    ],
  },
  patch: {
    long: 'Change fields of objects with a strategic merge patch, a JSON merge patch, or a JSON patch.',
    examples: [
      ['A strategic merge patch', `kubectl patch node k8s-1 -p '{"spec":{"unschedulable":true}}'`],
      ['From a file', 'kubectl patch -f node.json --patch-file=change.yaml'],
      ['A JSON patch', `kubectl patch pod web --type=json -p='[{"op":"replace","path":"/spec/containers/0/image","value":"nginx:2"}]'`],
      ['The scale sub-resource', `kubectl patch deployment web --subresource=scale --type=merge -p '{"spec":{"replicas":2}}'`],
    ],
  },
  replace: {
    long: 'Replace objects by what files or standard input say, whole; `kubectl get TYPE NAME -o yaml` shows them as they are.\n\n JSON and YAML formats are accepted.',
    examples: [
      ['Replace by a file', 'kubectl replace -f ./pod.json'],
      ['Delete and create anew', 'kubectl replace --force -f ./pod.json'],
    ],
  },
};
