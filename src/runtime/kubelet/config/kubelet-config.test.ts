import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { defaultKubeletConfig, kubeletConfiguration, shownConfiguration } from './kubelet-config.ts';

const head = { apiVersion: 'kubelet.config.k8s.io/v1beta1', kind: 'KubeletConfiguration' };

describe("the kubelet's configuration", () => {
  it('is the default where a file says nothing', () => {
    assert.deepEqual(kubeletConfiguration(head), defaultKubeletConfig);
  });

  it('is shown as it was given', () => {
    const given = {
      maxPods: 20,
      evictionHard: { 'memory.available': '200Mi', 'nodefs.available': '5%', 'pid.available': '0%' },
      evictionSoft: { 'memory.available': '500Mi' },
      evictionSoftGracePeriod: { 'memory.available': '1m30s' },
      evictionPressureTransitionPeriod: '30s',
      imageGCHighThresholdPercent: 80,
      imageGCLowThresholdPercent: 70,
      imageMinimumGCAge: '1m0s',
      serializeImagePulls: true,
      imagePullCredentialsVerificationPolicy: 'NeverVerifyAllowlistedImages',
      preloadedImagesVerificationAllowlist: ['registry.example/team/*', 'busybox'],
      allowedUnsafeSysctls: ['kernel.msg*', 'net.core.somaxconn'],
      podPidsLimit: 100,
      seccompDefault: false,
      crashLoopBackOff: { maxContainerRestartPeriod: '1m0s' },
      containerLogMaxSize: '1Mi',
      containerLogMaxFiles: 3,
      shutdownGracePeriod: '1m0s',
      shutdownGracePeriodCriticalPods: '20s',
    };
    const shown = shownConfiguration(kubeletConfiguration({ ...head, ...given }));
    const { 'pid.available': _off, ...hard } = given.evictionHard;
    for (const [name, value] of Object.entries({ ...given, evictionHard: hard })) assert.deepEqual(shown[name], value, name);
    assert.equal(shown.maxParallelImagePulls, 1);
    const shutdownGracePeriodByPodPriority = [{ priority: 1000, shutdownGracePeriodSeconds: 5 }];
    const byPriority = kubeletConfiguration({ ...head, shutdownGracePeriodByPodPriority });
    assert.deepEqual(byPriority.shutdownPeriods, [{ priority: 1000, seconds: 5 }]);
    assert.deepEqual(shownConfiguration(byPriority).shutdownGracePeriodByPodPriority, shutdownGracePeriodByPodPriority);
  });

  it('is refused with the name of the field that is wrong', () => {
    for (const [fields, message] of [
      [{ kind: 'Pod' }, /it is no KubeletConfiguration/],
      [{ evictionHard: { 'memory.free': '1Gi' } }, /evictionHard: unsupported eviction signal memory\.free/],
      [{ evictionHard: { 'memory.available': '110%' } }, /evictionHard\[memory\.available\] must be a percentage/],
      [{ evictionHard: { 'memory.available': 'much' } }, /evictionHard\[memory\.available\] must be a quantity/],
      [{ shutdownGracePeriod: '500ms' }, /shutdownGracePeriod 500ms must be either zero or otherwise >= 1 sec/],
      [{ shutdownGracePeriodCriticalPods: '5s' }, /shutdownGracePeriodCriticalPods 5s must be <= shutdownGracePeriod 0s/],
      [
        { shutdownGracePeriod: '5s', shutdownGracePeriodByPodPriority: [{ priority: 1, shutdownGracePeriodSeconds: 5 }] },
        /cannot specify both shutdownGracePeriodByPodPriority and shutdownGracePeriod/,
      ],
      [{ shutdownGracePeriodByPodPriority: [{ priority: 'high' }] }, /shutdownGracePeriodByPodPriority must have whole numbers/],
      [{ containerLogMaxSize: 'big' }, /containerLogMaxSize must be a number of bytes/],
      [{ containerLogMaxFiles: 1 }, /containerLogMaxFiles must be a whole number from 2/],
      [{ evictionSoft: { 'memory.available': '1Gi' } }, /grace period must be specified for the soft eviction threshold memory\.available/],
      [{ imagePullCredentialsVerificationPolicy: 'Sometimes' }, /imagePullCredentialsVerificationPolicy must be one of NeverVerify, /],
      [{ preloadedImagesVerificationAllowlist: ['busybox'] }, /can't set preloadedImagesVerificationAllowlist if /],
      [
        { imagePullCredentialsVerificationPolicy: 'NeverVerifyAllowlistedImages', preloadedImagesVerificationAllowlist: ['busybox:1'] },
        /neither tag nor digest is accepted in an image reference: busybox:1/,
      ],
      [{ maxPods: 0 }, /maxPods must be a whole number from 1/],
      [{ imageMinimumGCAge: 'soon' }, /imageMinimumGCAge must be a duration/],
      [{ imageGCLowThresholdPercent: 96 }, /imageGCLowThresholdPercent must be less/],
      [{ serializeImagePulls: true, maxParallelImagePulls: 3 }, /maxParallelImagePulls cannot be larger than 1/],
      [{ allowedUnsafeSysctls: ['vm.swappiness'] }, /allowedUnsafeSysctls: the sysctls "vm.swappiness" are not known to be namespaced/],
      [{ allowedUnsafeSysctls: 'kernel.sem' }, /allowedUnsafeSysctls must be a list of texts/],
      [{ crashLoopBackOff: { maxContainerRestartPeriod: '10m' } }, /maxContainerRestartPeriod must be set between 1s and 300s/],
      [{ cgroupDriver: 'systemd' }, /cgroupDriver is not a field that minik reads/],
    ] as const) {
      assert.throws(() => kubeletConfiguration({ ...head, ...fields }), { message });
    }
  });
});
