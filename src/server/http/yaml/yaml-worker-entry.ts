/** Entry point of the thread that reads large YAML, when it runs as a separate file or bundle. */
import { parentPort } from 'node:worker_threads';
import { yamlAnswer } from './yaml-answer.ts';

if (parentPort === null) throw new Error('the YAML worker must be started as a worker thread');
const port = parentPort;
port.on('message', (text: string) => port.postMessage(yamlAnswer(text)));
