/** How a fault is told of in one line. */
import { faultNamed, struckBy } from './fault-kinds.ts';
import type { FaultOrder, FaultReport } from './fault-order.ts';

const listed = (values: readonly string[] | undefined, before: string): string =>
  values === undefined ? '' : `${before}${values.join(',')}`;

const shareText = (share: number | string): string => (typeof share === 'number' ? `${Number((share * 100).toFixed(4))}%` : share);

function requestsText({
  verbs = [],
  resources = [],
  objects,
  users,
  groups,
  userAgents,
  paths,
  namespaces,
}: FaultOrder): readonly string[] {
  return [
    verbs.join(','),
    paths === undefined ? resources.join(',') || 'requests' : paths.join(','),
    listed(objects, 'named '),
    listed(namespaces, 'in '),
    listed(users, 'by '),
    listed(groups, 'by group '),
    listed(userAgents, 'with '),
  ];
}

const containersText = ({ images, selector, namespaces, pods, containers, nodes }: FaultOrder): readonly string[] => [
  listed(containers, 'containers ') || 'containers',
  listed(images, 'of image '),
  listed(pods, 'of pod '),
  selector === undefined ? '' : `of pods ${selector}`,
  listed(namespaces, 'in '),
  listed(nodes, 'on '),
];

/** What an order strikes: `update,patch deployments in team by jane`, `containers of image nginx on minik-m02`. */
export function selectionText(order: FaultOrder): string {
  const fault = faultNamed(order.fault);
  const struck = fault === undefined ? 'requests' : struckBy(fault);
  const words =
    struck === 'requests'
      ? requestsText(order)
      : struck === 'containers'
        ? containersText(order)
        : [listed(order.nodes, 'node ') || 'all nodes'];
  return words.filter((part) => part !== '').join(' ');
}

/** When and how it strikes: `20%, at most 3, 100ms..2s`; '' when it always does the usual. */
export function detailText(order: FaultOrder): string {
  const { share, skip, times, for: lasts, delay, retryAfter, message, after, events, age, revisions, late, exitCode } = order;
  return [
    share === undefined ? '' : shareText(share),
    skip === undefined ? '' : `not the first ${skip}`,
    times === undefined ? '' : `at most ${times}`,
    lasts === undefined ? '' : `for ${lasts}`,
    delay ?? '',
    retryAfter === undefined ? '' : `Retry-After ${retryAfter}`,
    message === undefined ? '' : JSON.stringify(message),
    after === undefined ? '' : `after ${after}`,
    events === undefined ? '' : `after ${events} events`,
    age === undefined ? '' : `${age} old`,
    revisions === undefined ? '' : `${revisions} changes old`,
    late === true ? 'late' : '',
    exitCode === undefined ? '' : `code ${exitCode}`,
  ]
    .filter((part) => part !== '')
    .join(', ');
}

/** The rows of a table of rules, its head included. */
export const ruleRows = (rules: readonly FaultReport[]): readonly (readonly string[])[] => [
  ['NAME', 'FAULT', 'STRUCK', 'STATE', 'STRIKES'],
  ...rules.map((rule) => {
    const details = detailText(rule);
    return [
      rule.name,
      rule.fault,
      `${rule.struck}/${rule.selected}`,
      rule.state,
      `${selectionText(rule)}${details === '' ? '' : `: ${details}`}`,
    ];
  }),
];
