/** `kubectl set image`. Source: kubectl pkg/cmd/set/set_image.go. */
import { CommandError, type KubectlCommand } from '../../command/command.ts';
import { keyChange, splitPairs } from '../../command/pairs.ts';
import { nothingNamed } from '../../resources/infos.ts';
import { changePodSpecs, containersOf, mapContainers, setFlags } from './pod-template.ts';

export const setImage: KubectlCommand = {
  name: 'image',
  summary: 'Update the image of a pod template',
  usage: '(-f FILENAME | TYPE NAME) CONTAINER_NAME_1=CONTAINER_IMAGE_1 ... CONTAINER_NAME_N=CONTAINER_IMAGE_N [options]',
  flags: setFlags,
  run: async (session, flags) => {
    const { resources, pairs } = splitPairs(flags.args, 'image');
    const images = Object.entries(keyChange(pairs, 'image', false).set);
    if (flags.bool('all') && flags.given('selector')) throw new CommandError('cannot set --all and --selector at the same time');
    if (resources.length === 0 && flags.list('filename').length === 0) throw new CommandError(nothingNamed);
    if (images.length === 0) throw new CommandError('at least one image update is required');
    if (images.length > 1 && images.some(([name]) => name === '*')) {
      throw new CommandError('all containers are already specified by *, but saw more than one container_name=container_image pairs');
    }
    return changePodSpecs(session, resources, {
      what: 'image',
      failure: 'image update to pod template:',
      change: (spec, _info, problems) => {
        const missing = images.filter(([name]) => containersOf(spec, name).length === 0);
        problems.push(...missing.map(([name]) => new CommandError(`error: unable to find container named ${JSON.stringify(name)}`)));
        return images.reduce((changed, [name, image]) => mapContainers(changed, name, (container) => ({ ...container, image })), spec);
      },
    });
  },
};
