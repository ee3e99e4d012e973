/** A service of its own process: greets whoever asks by the identity that they proved. */
// #region greeter
import { join } from 'heddle';

const mesh = await join();
await mesh.listen((_req, res) => {
  res.end(`Hello, ${mesh.context()?.peer ?? 'stranger'}\n`);
}, 0);
process.once('SIGTERM', () => mesh.close());
// #endregion
