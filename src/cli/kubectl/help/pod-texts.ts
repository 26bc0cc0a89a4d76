/** Help texts of the verbs that connect to pods. */
import type { HelpText } from './help-text.ts';

export const podTexts: Readonly<Record<string, HelpText>> = {
  attach: {
    long: 'Attach to a process that runs in a container already.',
    examples: [
      ['See what the default container writes', 'kubectl attach web'],
      ['Type into a container', 'kubectl attach web -c shell -i -t'],
    ],
  },
  cp: {
    long: 'Copy files and folders into containers and out of them. The container needs the program tar.',
    examples: [
      ['Into a pod', 'kubectl cp /tmp/foo web:/tmp/bar'],
      ['Into a certain container', 'kubectl cp /tmp/foo web:/tmp/bar -c helper'],
      ['Out of a pod of another namespace', 'kubectl cp shop/web:/tmp/foo /tmp/bar'],
    ],
  },
  debug: {
    long: 'Debug a pod by an ephemeral container in it or by a changed copy of it, or a node by a pod in its namespaces, which has its files at /host.',
    examples: [
      ['A shell beside the containers of a pod', 'kubectl debug web -it --image=busybox'],
      ['Among the processes of one of them', 'kubectl debug web -it --image=busybox --target=main'],
      ['In a copy with one more container', 'kubectl debug web -it --image=busybox --copy-to=web-debug'],
      ['In a copy with another command', 'kubectl debug web -it --copy-to=web-debug --container=main -- sh'],
      ['In a copy with other images', 'kubectl debug web --copy-to=web-debug --set-image=*=busybox'],
      ['On a node', 'kubectl debug node/minik -it --image=busybox'],
    ],
  },
  exec: {
    long: 'Execute a command in a container.',
    examples: [
      ['In the first container', 'kubectl exec web -- date'],
      ['A shell', 'kubectl exec web -c helper -i -t -- sh'],
      ['In the first pod of a deployment', 'kubectl exec deploy/web -- date'],
    ],
  },
  logs: {
    long: 'Print the logs of a container of a pod, or of the pods of an object. Where a pod has only one container, its name may be left out.',
    examples: [
      ['Of a pod', 'kubectl logs web'],
      ['Of all containers of pods with a label', 'kubectl logs -l app=web --all-containers=true'],
      ['Of the container before the last restart', 'kubectl logs -p -c ruby web'],
      ['The last twenty lines, and go on', 'kubectl logs -f --tail=20 web'],
      ['Of the last hour', 'kubectl logs --since=1h web'],
    ],
  },
  'port-forward': {
    long: 'Forward local ports to a pod. TYPE/NAME chooses a pod of a deployment, service and so on; when that pod ends, so does the forwarding.',
    examples: [
      ['The same ports', 'kubectl port-forward pod/web 5000 6000'],
      ['Another local port', 'kubectl port-forward service/web 8443:https'],
      ['Any free local port', 'kubectl port-forward pod/web :5000'],
      ['On all addresses', 'kubectl port-forward --address 0.0.0.0 pod/web 8888:5000'],
    ],
  },
  proxy: {
    long: 'Serve the API on a local port without a login of its own, and static files beside it. What may be asked for is limited by the accept and reject flags.',
    examples: [
      ['The API at /', 'kubectl proxy --port=8001'],
      ['The API below /k8s/, files beside it', 'kubectl proxy --www=/my/files --www-prefix=/my-static/ --api-prefix=/k8s/'],
    ],
  },
  run: {
    long: 'Create a pod that runs an image.',
    examples: [
      ['A pod', 'kubectl run nginx --image=nginx'],
      ['With environment and labels', 'kubectl run web --image=nginx --env="MODE=dark" --labels="app=web,env=test"'],
      ['A shell for once', 'kubectl run -i -t --rm shell --image=busybox --restart=Never'],
      ['Only show the pod', 'kubectl run nginx --image=nginx --dry-run=client -o yaml'],
    ],
  },
};
