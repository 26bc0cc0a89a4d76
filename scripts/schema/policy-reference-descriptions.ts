/** Descriptions of the fields of admission policies whose type is another type: see `reference-descriptions.ts`. */

const binding = {
  paramRef: 'The parameters that the policy is evaluated with, of the kind that the policy names.',
  matchResources: 'The requests that the binding is for, among those that the policy is for. All of them when unset.',
};
const policy = {
  paramKind: 'The kind of the objects that bindings can give as parameters. Without it, expressions cannot refer to parameters.',
  matchConstraints: 'The requests that the policy is for; all constraints must hold.',
};

/** Type name to field name to description. */
export const policyReferenceDescriptions: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  MatchResources: {
    namespaceSelector: 'Labels of the namespaces whose objects are meant; for a namespace, its own labels. All when empty.',
    objectSelector: 'Labels of the objects that are meant, as they are before or after the request. All when empty.',
  },
  MutatingAdmissionPolicyBindingSpec: binding,
  MutatingAdmissionPolicySpec: policy,
  Mutation: {
    applyConfiguration: 'The fields that the object gets, merged as server-side apply does.',
    jsonPatch: 'The operations of a JSON patch that changes the object.',
  },
  ParamRef: { selector: 'Labels of the parameters: each that has them is used, and all must admit the request.' },
  ValidatingAdmissionPolicyBindingSpec: binding,
  ValidatingAdmissionPolicySpec: policy,
  ValidatingAdmissionPolicyStatus: { typeChecking: 'What checking the types of the expressions found; set once they are checked.' },
};
