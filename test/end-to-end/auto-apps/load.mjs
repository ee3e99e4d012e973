// Calls without a pause until it is told to end; prints a line for each answer.
import axios from 'axios';

let going = true;
process.once('SIGTERM', () => {
  going = false;
});
while (going) {
  const told = await axios.get(process.argv[2]).then(
    ({ data }) => `ok ${data}`,
    (error) => `failed ${error.code} ${error.message}`,
  );
  process.stdout.write(`${told}\n`);
  await new Promise((resolve) => setTimeout(resolve, 2));
}
