/** A client of its own process: asks the greeter once. */
// #region caller
import { join } from 'heddle';

await using mesh = await join();
const response = await mesh.fetch('http://greeter/hello');
console.log(response.status, await response.text());
// #endregion
