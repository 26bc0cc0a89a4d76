// The public charts, each from the Go module that it is published in (with the module's checksum), and the values that
// it needs here.
const projects = 'sigs.k8s.io';

export const charts = {
  'cert-manager': {
    module: 'github.com/cert-manager/cert-manager@v1.21.2',
    sum: 'h1:UWgoYM+KLNtRlqmoWOKjKBOBUPVHeepQ6/ac3ERJW68=',
    folder: 'deploy/charts/cert-manager',
    values: ['crds.enabled=true'],
  },
  descheduler: {
    module: `${projects}/descheduler@v0.36.0`,
    sum: 'h1:fBemfJD1RhmbsdH94lKwGMOwQcbsrw67A5IK2c2fANA=',
    folder: 'charts/descheduler',
    values: [],
  },
  'external-dns': {
    module: `${projects}/external-dns@v0.21.0`,
    sum: 'h1:YAC7ERW32eZAjSdhu44taaZGII6nwz2/wteT+BtpFzM=',
    folder: 'charts/external-dns',
    values: [],
  },
  'ingress-nginx': {
    module: 'k8s.io/ingress-nginx@v0.0.0-20240708192948-52c50467d67d',
    sum: 'h1:tZui5g6S4GO1hxLm6yrEoIXLkl4QfeGytlmZqZ+DmdQ=',
    folder: 'charts/ingress-nginx',
    // A Job of the chart makes the Secret of these, and simulated ones do nothing.
    values: ['controller.admissionWebhooks.enabled=false'],
  },
  kwok: { module: `${projects}/kwok@v0.7.0`, sum: 'h1:+eGsNOIPapjsSzeZlOEcwbpyEVa2Vqlcafa0qIjaKV4=', folder: 'charts/kwok', values: [] },
  'metrics-server': {
    module: `${projects}/metrics-server@v0.9.0`,
    sum: 'h1:nlqqZ2H0Xfko8eJC/1qaNVVT17hu4rxndkOi22KTZ4w=',
    folder: 'charts/metrics-server',
    // There is one from the start.
    values: ['apiService.create=false'],
  },
};
