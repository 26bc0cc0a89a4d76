/** Entry point of the network worker when it runs as a separate file or bundle. */
import { parentPort } from 'node:worker_threads';
import { wakeOptimizerWhenBusy } from '../../optimizer.ts';
import { runNetworkWorker } from './network-worker.ts';

if (parentPort === null) throw new Error('the network worker must be started as a worker thread');
wakeOptimizerWhenBusy();
runNetworkWorker(parentPort);
