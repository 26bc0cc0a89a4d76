/** How much expressions may cost. Source: apiserver pkg/apis/cel/config.go. */
export const celLimits = {
  /** The cost of one expression. */
  perCall: 1_000_000,
  /** The cost of all expressions for one object together: of a custom resource, or of a binding of a policy. */
  runtimeBudget: 10_000_000,
  /** The cost of all match conditions of one webhook or policy. */
  matchConditionsBudget: 2_500_000,
  /** The size of a request for which costs are estimated. */
  maxRequestBytes: 3 * 1024 * 1024,
  /** The longest message that a messageExpression may give. */
  maxMessageBytes: 5 * 1024,
} as const;
