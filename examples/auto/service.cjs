// A service as many are written: it knows nothing of a mesh.
const express = require('express');

const app = express();
let asked = 0;

app.get('/hello', (_request, response) => {
  asked += 1;
  // Not its best day: of three requests, two fail.
  if (asked % 3 === 0) response.send(`hello, at attempt ${asked}`);
  else response.status(503).send('not now');
});
app.get('/agent', (request, response) => response.send(request.get('user-agent')));

app.listen(process.env.PORT ?? 9301, () => console.log('the service listens'));
