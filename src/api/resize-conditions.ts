/**
 * Conditions that say how far the expansion of a claim is. Source: pkg/volume/util/resize_util.go
 * (knownResizeConditions).
 */
import type { PersistentVolumeClaim } from './generated/core/v1.ts';

const resizing = new Set(['Resizing', 'FileSystemResizePending', 'ControllerResizeError', 'NodeResizeError']);

/** The conditions of a claim that are about something else. */
export const withoutResizeConditions = ({ status }: PersistentVolumeClaim): NonNullable<PersistentVolumeClaim['status']['conditions']> =>
  (status.conditions ?? []).filter(({ type }) => !resizing.has(type));
