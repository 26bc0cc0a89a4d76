/** Help texts of the verbs that concern kubectl itself. */
import type { HelpText } from './help-text.ts';

export const settingsTexts: Readonly<Record<string, HelpText>> = {
  config: {
    long: 'Change kubeconfig files.\n\n The file of --kubeconfig is used alone; else those that KUBECONFIG lists, merged, where the first that sets a value wins and new values go to the last; else .kube/config in the home folder.',
  },
  'config current-context': { long: 'Display the current-context.', examples: [['The context in use', 'kubectl config current-context']] },
  'config delete-cluster': {
    long: 'Delete the specified cluster from the kubeconfig.',
    examples: [['A cluster', 'kubectl config delete-cluster minik']],
  },
  'config delete-context': {
    long: 'Delete the specified context from the kubeconfig.',
    examples: [['A context', 'kubectl config delete-context minik']],
  },
  'config delete-user': {
    long: 'Delete the specified user from the kubeconfig.',
    examples: [['A user', 'kubectl config delete-user minik']],
  },
  'config get-clusters': { long: 'Display clusters defined in the kubeconfig.', examples: [['All', 'kubectl config get-clusters']] },
  'config get-contexts': {
    long: 'Display one or many contexts from the kubeconfig file.',
    examples: [
      ['All', 'kubectl config get-contexts'],
      ['One', 'kubectl config get-contexts minik'],
    ],
  },
  'config get-users': { long: 'Display users defined in the kubeconfig.', examples: [['All', 'kubectl config get-users']] },
  'config rename-context': {
    long: 'Give a context of the kubeconfig file another name. When it is the current one, it stays so.',
    examples: [['Another name', 'kubectl config rename-context old new']],
  },
  'config set': {
    long: 'Set a value in a kubeconfig file.\n\n PROPERTY_NAME is a path with dots between map keys or attribute names; binary values are base64 unless --set-raw-bytes is given.',
    examples: [['The address of a cluster', 'kubectl config set clusters.minik.server https://1.2.3.4']],
  },
  'config set-cluster': {
    long: 'Set a cluster entry in kubeconfig. What an existing entry has besides stays.',
    examples: [
      ['The address', 'kubectl config set-cluster e2e --server=https://1.2.3.4'],
      ['The certificate authority, in the file itself', 'kubectl config set-cluster e2e --embed-certs --certificate-authority=ca.crt'],
    ],
  },
  'config set-context': {
    long: 'Set a context entry in kubeconfig. What an existing entry has besides stays.',
    examples: [
      ['The user of a context', 'kubectl config set-context gce --user=cluster-admin'],
      ['The namespace of the current one', 'kubectl config set-context --current --namespace=shop'],
    ],
  },
  'config set-credentials': {
    long: 'Set a user entry in kubeconfig: a client certificate, a bearer token, or a name with a password. What an existing entry has besides stays.',
    examples: [
      [
        'A client certificate, in the file itself',
        'kubectl config set-credentials admin --client-certificate=admin.crt --client-key=admin.key --embed-certs=true',
      ],
      ['A token', 'kubectl config set-credentials admin --token=abc'],
    ],
  },
  completion: {
    long: 'Output shell completion code for bash, zsh or fish, to be evaluated by the shell.',
    examples: [
      ['bash, now and here', 'source <(kubectl completion bash)'],
      ['bash, also for an alias', 'complete -o default -F __start_kubectl k'],
      ['zsh, now and here', 'source <(kubectl completion zsh)'],
      ['fish, for good', 'kubectl completion fish > ~/.config/fish/completions/kubectl.fish'],
    ],
  },
  'config unset': {
    long: 'Take a value away from a kubeconfig file.',
    examples: [['The namespace of a context', 'kubectl config unset contexts.minik.namespace']],
  },
  'config use-context': {
    long: 'Set the current-context in a kubeconfig file.',
    examples: [['Another context', 'kubectl config use-context minik']],
  },
  'config view': {
    long: 'Display merged kubeconfig settings or a specified kubeconfig file; -o jsonpath shows single values.',
    examples: [
      ['The merged settings', 'kubectl config view'],
      ['With keys and certificates', 'kubectl config view --raw'],
      ['One value', 'kubectl config view -o jsonpath=\'{.users[?(@.name == "minik")].user.token}\''],
    ],
  },
  plugin: {
    long: 'Help with plugins: programs on PATH whose names begin with "kubectl-".',
    examples: [['List them', 'kubectl plugin list']],
  },
  'plugin list': {
    long: 'List the plugins on PATH, with warnings about those that cannot be executed or that another hides.',
    examples: [['By name', 'kubectl plugin list --name-only']],
  },
  version: {
    long: 'Print the client and server version information for the current context.',
    examples: [
      ['Both', 'kubectl version'],
      ['As JSON', 'kubectl version -o json'],
    ],
  },
};
