// Calls the URLs that it is given with every client there is, and prints a line for each: CLIENT STATUS BODY, or CLIENT error CODE.
import http from 'node:http';
import axios from 'axios';
import got from 'got';
import ky from 'ky';
import { request as undici } from 'undici';

const clients = {
  fetch: async (url) => {
    const response = await fetch(url);
    return [response.status, await response.text()];
  },
  request: async (url) => {
    const response = await fetch(new Request(url, { headers: { 'x-own': 'yes' } }));
    return [response.status, await response.text()];
  },
  http: (url) =>
    new Promise((resolve, reject) => {
      const agent = new http.Agent({ keepAlive: true });
      http
        .get(url, { agent }, async (response) => {
          resolve([response.statusCode, (await response.toArray()).join('')]);
        })
        .on('error', reject);
    }),
  axios: async (url) => {
    const { status, data } = await axios.get(url, { responseType: 'text', validateStatus: () => true });
    return [status, typeof data === 'string' ? data : JSON.stringify(data)];
  },
  undici: async (url) => {
    const { statusCode, body } = await undici(url);
    return [statusCode, await body.text()];
  },
  got: async (url) => {
    const { statusCode, body } = await got(url, { throwHttpErrors: false, retry: { limit: 0 } });
    return [statusCode, body];
  },
  ky: async (url) => {
    const response = await ky(url, { throwHttpErrors: false, retry: 0 });
    return [response.status, await response.text()];
  },
};

const [names, ...urls] = process.argv.slice(2);
for (const url of urls) {
  for (const name of names.split(',')) {
    const told = await clients[name](url).then(
      ([status, body]) => `${status} ${body}`,
      (error) => `error ${error.code ?? error.cause?.code ?? error}`,
    );
    process.stdout.write(`${name} ${told.trim()}\n`);
  }
}
