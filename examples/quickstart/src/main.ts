// #region join
import { join } from 'heddle';

// A service: any handler or Express app. This one fails every other time.
let asked = 0;
const greeter = await join({ service: 'greeter' });
await greeter.listen(
  (_req, res) => {
    asked += 1;
    res.writeHead(asked % 2 === 0 ? 200 : 503).end('Hello');
  },
  Number(process.env.PORT ?? 9101),
);

// A caller: fetch, by name. Retries, timeouts and access are in the policy.
const caller = await join({ service: 'caller' });
for (const path of ['/hello', '/hello', '/secret']) {
  const response = await caller.fetch(`http://greeter${path}`);
  console.log(path, response.status, await response.text());
}
// #endregion
console.log(`the greeter was asked ${asked} times`);
await caller.close();
await greeter.close();
