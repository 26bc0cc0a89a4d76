/** A Pod spec that holds every struct with optional fields that are always defaulted. For tests only. */
import type { JsonObject } from '../../json.ts';

export const fullPodSpec: JsonObject = {
  serviceAccountName: 'a',
  containers: [
    {
      name: 'main',
      image: 'busybox:1.36',
      command: ['sleep'],
      ports: [{ containerPort: 80 }],
      env: [{ name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
      livenessProbe: { httpGet: { port: 80 } },
      resources: { limits: { cpu: '500m', memory: '64Mi' } },
    },
  ],
  initContainers: [{ name: 'first', image: 'busybox:1.36' }],
  volumes: [
    { name: 'secret', secret: { secretName: 'a', optional: true } },
    { name: 'config', configMap: { name: 'a' } },
    { name: 'downward', downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } },
    { name: 'projected', projected: { sources: [{ serviceAccountToken: { path: 'token' } }, { configMap: { name: 'a' } }] } },
    { name: 'host', hostPath: { path: '/tmp' } },
    { name: 'empty', emptyDir: {} },
    {
      name: 'claimed',
      ephemeral: {
        volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
      },
    },
  ],
};

/** Separate because a Pod gets ephemeral containers only later, through their sub-resource. */
export const ephemeralContainers = [{ name: 'debugger', image: 'busybox:1.36', command: ['sh'] }] as const;
