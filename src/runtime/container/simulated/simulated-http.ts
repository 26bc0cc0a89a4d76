/** The HTTP servers of simulated containers: one for all, that listens nowhere and is handed its connections. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Duplex, duplexPair } from 'node:stream';
import { type Behaviour, type HttpAnswer, httpAnswerTo } from '../../../api/simulated/behaviour.ts';
import type { RuntimeClock } from '../runtime-clock.ts';

/** The end of a pod that is asked. */
export interface HttpEnd {
  readonly port: number;
  /** What the containers that may answer are said to do now; none when none runs. */
  behaviours(): readonly Behaviour[];
  /** What is answered when nothing is said. */
  readonly body: string;
}

export class SimulatedHttp {
  readonly #clock: RuntimeClock;
  readonly #ends = new WeakMap<object, HttpEnd>();
  readonly #server = createServer((request, response) => this.#answer(request, response));

  constructor(clock: RuntimeClock) {
    this.#clock = clock;
  }

  /** A connection to a port of a pod, as its client has it. */
  connect(end: HttpEnd): Duplex {
    const [client, server] = duplexPair();
    this.#ends.set(server, end);
    // Neither end learns by itself that the other one is destroyed.
    client.once('close', () => server.destroy());
    this.#server.emit('connection', server);
    return client;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const end = this.#ends.get(request.socket);
    const behaviours = end?.behaviours() ?? [];
    if (end === undefined || behaviours.length === 0) {
      // As when a process ends in the middle of a connection.
      request.socket.destroy();
      return;
    }
    const [path = '/'] = (request.url ?? '/').split('?', 1);
    const question = { method: request.method ?? 'GET', path, port: end.port };
    const answer: HttpAnswer = behaviours.map((each) => httpAnswerTo(each, question)).find((found) => found !== undefined) ?? {
      body: end.body,
    };
    const { delay = 0 } = answer;
    if (delay === 0) send(response, answer);
    else
      response.once(
        'close',
        this.#clock.setTimer(delay, () => send(response, answer)),
      );
  }
}

function send(response: ServerResponse, { status = 200, headers = {}, body = '' }: HttpAnswer): void {
  // It would be the host's time.
  response.sendDate = false;
  response.setHeader('Content-Type', 'text/plain');
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.statusCode = status;
  response.end(body);
}
