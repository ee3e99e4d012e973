// Asks what it is given, `[{ url, headers, times }]`, and prints STATUS BODY for each answer, or the code of the error.
const asked = JSON.parse(process.argv[2]);
for (const { url, times = 1, ...init } of asked) {
  for (let i = 0; i < times; i += 1) {
    const told = await fetch(url, init).then(
      async (response) => `${response.status} ${await response.text()}`,
      (error) => `error ${error.code ?? error.cause?.code}`,
    );
    process.stdout.write(`${told}\n`);
  }
}
