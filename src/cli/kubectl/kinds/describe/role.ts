/** Source: kubectl pkg/describe/describe.go (RoleDescriber, ClusterRoleDescriber, RoleBindingDescriber). */
import type { Role, RoleBinding } from '../../../../api/generated/rbac/v1.ts';
import { Description } from '../../output/description.ts';
import { shownRules } from '../../output/policy-rules.ts';
import { writeAnnotations, writeLabels } from './common.ts';
import type { Describer } from './context.ts';

function writeHead(to: Description, { name, labels, annotations }: Role['metadata']): void {
  to.line(0, 'Name:', name);
  writeLabels(to, 'Labels', labels);
  writeAnnotations(to, 'Annotations', annotations);
}

/** Roles of namespaces and of the cluster. */
export const describeRole: Describer = async (object) => {
  const { metadata, rules } = object as unknown as Role; // the API's answer for this resource
  const to = new Description();
  writeHead(to, metadata);
  to.line(0, 'PolicyRule:');
  to.line(1, 'Resources', 'Non-Resource URLs', 'Resource Names', 'Verbs');
  to.line(1, '---------', '-----------------', '--------------', '-----');
  for (const { resources, urls, names, verbs } of shownRules(rules ?? [])) to.line(1, resources, urls, names, verbs);
  return to.toString();
};

/** Bindings of namespaces and of the cluster. */
export const describeBinding: Describer = async (object) => {
  const { metadata, roleRef, subjects = [] } = object as unknown as RoleBinding; // the API's answer for this resource
  const to = new Description();
  writeHead(to, metadata);
  to.line(0, 'Role:');
  to.line(1, 'Kind:', roleRef.kind);
  to.line(1, 'Name:', roleRef.name);
  to.line(0, 'Subjects:');
  to.line(1, 'Kind', 'Name', 'Namespace');
  to.line(1, '----', '----', '---------');
  for (const { kind, name, namespace = '' } of subjects) to.line(1, kind, name, namespace);
  return to.toString();
};
