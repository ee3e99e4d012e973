// As call.mjs, with the clients that can be required.
const http = require('node:http');
const { get } = require('node:http');
const axios = require('axios');
const { request: undici } = require('undici');

const clients = {
  fetch: async (url) => {
    const response = await fetch(url);
    return [response.status, await response.text()];
  },
  http: (url) =>
    new Promise((resolve, reject) => {
      get(url, async (response) => {
        resolve([response.statusCode, (await response.toArray()).join('')]);
      }).on('error', reject);
    }),
  agentless: (url) =>
    new Promise((resolve, reject) => {
      const request = http.request(url, { agent: false }, async (response) => {
        resolve([response.statusCode, (await response.toArray()).join('')]);
      });
      request.on('error', reject).end();
    }),
  axios: async (url) => {
    const { status, data } = await axios.get(url, { responseType: 'text', validateStatus: () => true });
    return [status, typeof data === 'string' ? data : JSON.stringify(data)];
  },
  undici: async (url) => {
    const { statusCode, body } = await undici(url);
    return [statusCode, await body.text()];
  },
};

(async () => {
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
})();
