import { once } from 'node:events';
import http, { createServer } from 'node:http';
import axios from 'axios';
import got from 'got';
import { join } from 'heddle';
import superagent from 'superagent';
import { fetch as undiciFetch } from 'undici';

// A server that knows nothing of the mesh. It is busy whenever it is asked for the first time.
let asked = 0;
const server = createServer((request, response) => {
  asked += 1;
  if (request.url === '/busy' && asked % 2 === 1) response.writeHead(503).end();
  else response.end(`greetings to ${request.headers['x-client']} from ${request.headers['x-from']}`);
});
server.listen(Number(process.env.PORT ?? 9301), '127.0.0.1');
await once(server, 'listening');

const mesh = await join({ service: 'caller' });
const url = 'http://greeter/';
const by = (client) => ({ 'x-client': client });

// #region surfaces
const { agent, dispatcher } = mesh;
console.log(await (await mesh.fetch(url, { headers: by('mesh.fetch') })).text());
console.log(await (await mesh.request(url, { headers: by('mesh.request') })).body.text());
console.log(await (await undiciFetch(url, { dispatcher, headers: by('undici') })).text());
console.log(await (await fetch(url, { dispatcher, headers: by('the built-in fetch') })).text());
// #endregion

// #region agent
console.log((await axios.get(url, { httpAgent: agent, headers: by('axios') })).data);
console.log(await got(url, { agent: { http: agent }, headers: by('got') }).text());
console.log((await superagent.get(url).agent(agent).set(by('superagent')).buffer(true)).text);
const request = http.get(url, { agent, headers: by('http.request') });
const [response] = await once(request, 'response');
for await (const text of response.setEncoding('utf8')) console.log(text);
// #endregion

// Policy is the same for all of them: the first answer of 503 is tried again.
asked = 0;
console.log((await axios.get(`${url}busy`, { httpAgent: agent })).status, 'after', asked, 'attempts');

// What the mesh knows of a failure is in the error, whatever the client makes of it.
await axios.get('http://greter/', { httpAgent: agent }).catch((error) => {
  console.log(axios.isAxiosError(error), error.code, error.cause.flag);
});

await mesh.close();
server.close();
