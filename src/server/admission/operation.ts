/** What a request does to an object, as plugins, webhooks and policies name it. */
export type AdmissionOperation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
