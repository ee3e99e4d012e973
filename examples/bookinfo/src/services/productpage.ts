/** The page of a book: what `details` and `reviews` know of it. */
import express from 'express';
import { join } from 'heddle';
import { ratingsOver } from './ratings-client.js';

const mesh = await join();
const app = express();
const askRatings = ratingsOver(mesh, process.env.RATINGS_BY);

/** What the service answered, or why there is nothing of it. */
async function ask(url: string, user: string | undefined): Promise<Record<string, unknown>> {
  try {
    const response = await mesh.fetch(url, { headers: user === undefined ? {} : { 'end-user': user } });
    return response.ok ? ((await response.json()) as Record<string, unknown>) : { error: response.status };
  } catch (error) {
    // Why a fetch failed is its cause.
    return { error: String((error as Error).cause ?? error) };
  }
}

app.get('/productpage', async (req, res) => {
  const user = req.get('end-user');
  const [details, reviews] = await Promise.all([
    ask('http://details:9080/details/0', user),
    ask('http://reviews:9080/reviews/0', user),
  ]);
  res
    .status(reviews.error === undefined ? 200 : 503)
    .json({ title: 'The Comedy of Errors', details, reviews });
});

// What productpage is not allowed to do, so that the demo can show how it is refused.
app.get('/forbidden', async (_req, res) => {
  const asked = await askRatings('0');
  res.json('found' in asked ? { status: 200 } : { status: asked.failed, body: asked.because });
});

app.get('/delete-reviews', async (_req, res) => {
  const response = await mesh.fetch('http://reviews:9080/reviews/0', { method: 'DELETE' });
  res.json({ status: response.status, body: await response.text() });
});

await mesh.listen(app, Number(process.env.PORT ?? 9080));
