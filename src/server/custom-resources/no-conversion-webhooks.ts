/** Where webhooks cannot be called: objects of definitions that are converted by one are answered with an error. */
import type { ConversionWebhooks } from '../../api/custom-resources/conversion.ts';
import { statusErrors } from '../../api/status-error.ts';

export const noConversionWebhooks: ConversionWebhooks = {
  convert: async ({ metadata }) => {
    throw statusErrors.internal(`conversion webhook for ${metadata.name} cannot be called: conversion webhooks are not served yet`);
  },
};
