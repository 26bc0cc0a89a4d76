// The sample application of many tutorials: an HTTP server on port 8080 that says which pod it runs in.
// KUBIA_VERSION changes the answer (v1, v2, …); KUBIA_FAIL_AFTER makes it answer 500 after so many requests.
const http = require('node:http');
const os = require('node:os');

const version = process.env.KUBIA_VERSION;
const failAfter = Number(process.env.KUBIA_FAIL_AFTER || Number.POSITIVE_INFINITY);
let requests = 0;

console.log('Kubia server starting...');

http
  .createServer((request, response) => {
    console.log(`Received request from ${request.socket.remoteAddress}`);
    requests += 1;
    const host = os.hostname();
    if (requests > failAfter) {
      response.writeHead(500);
      response.end(
        version === undefined ? "I'm not well. Please restart me!\n" : `Some internal error has occurred! This is pod ${host}\n`,
      );
      return;
    }
    response.writeHead(200);
    response.end(version === undefined ? `You've hit ${host}\n` : `This is ${version} running in pod ${host}\n`);
  })
  .listen(8080);

process.on('SIGTERM', () => process.exit(0));
