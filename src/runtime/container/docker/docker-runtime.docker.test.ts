import { containerRuntimeContract } from '../container-runtime.contract.ts';
import { createDockerRuntime } from './create-docker-runtime.ts';
import { busyboxImage, testClock, testSubnet } from './docker-test-support.ts';

containerRuntimeContract('docker', async () => {
  return {
    image: busyboxImage,
    missingProgram: '/does-not-exist',
    runtime: async (clusterId) => {
      const id = `runtime-test-${clusterId}`;
      const runtime = createDockerRuntime({
        clusterId: id,
        clock: testClock,
        networkName: `minik-${id}`,
        ...testSubnet(clusterId === 'contract-a' ? 0 : 1),
      });
      await runtime.destroy(); // removes what an earlier run left behind when it was killed
      await runtime.prepare();
      return runtime;
    },
    echoServer: (port) => ['nc', '-ll', '-p', String(port), '-e', '/bin/cat'],
    close: async () => undefined,
  };
});
