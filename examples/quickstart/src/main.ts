// #region join
import { join } from 'heddle';

// A service: any handler or Express app. This one fails every other time.
let count = 0;
const greeter = await join({ service: 'greeter' });
await greeter.listen((_req, res) => {
  count += 1;
  res.writeHead(count % 2 === 0 ? 200 : 503).end('Hello');
}, 9101);

// A caller: fetch, by name. Retries, timeouts and access are in the policy.
const caller = await join({ service: 'caller' });
for (const path of ['/hello', '/hello', '/secret']) {
  const response = await caller.fetch(`http://greeter${path}`);
  console.log(path, response.status, await response.text());
}
// #endregion
console.log(`the greeter was asked ${count} times`);
await caller.close();
await greeter.close();
