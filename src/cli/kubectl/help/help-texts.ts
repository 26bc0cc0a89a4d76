/** All help texts, by the command's name (`rollout status`). Loaded only when help is requested. */
import type { HelpText } from './help-text.ts';
import { manifestTexts } from './manifest-texts.ts';
import { objectTexts } from './object-texts.ts';
import { podTexts } from './pod-texts.ts';
import { settingsTexts } from './settings-texts.ts';

export const helpTexts: ReadonlyMap<string, HelpText> = new Map(
  Object.entries({ ...manifestTexts, ...objectTexts, ...podTexts, ...settingsTexts }),
);
