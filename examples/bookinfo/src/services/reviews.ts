/** Reviews of a book. v1 shows no stars; v2 shows black ones and v3 red ones, which they ask `ratings` for. */
import express from 'express';
import { join } from 'heddle';

const version = process.env.VERSION ?? 'v1';
const mesh = await join();
const app = express();

interface Ratings {
  readonly ratings: Readonly<Record<string, number>>;
}

async function ratingsOf(id: string): Promise<Ratings | undefined> {
  if (version === 'v1') return undefined;
  try {
    const response = await mesh.fetch(`http://ratings:9080/ratings/${id}`);
    return response.ok ? ((await response.json()) as Ratings) : undefined;
  } catch {
    return undefined; // a page without stars is better than no page
  }
}

app.get('/reviews/:id', async (req, res) => {
  const started = performance.now();
  const found = await ratingsOf(req.params.id);
  const color = version === 'v2' ? 'black' : 'red';
  const reviewers = [
    { reviewer: 'Reviewer1', text: 'An extremely entertaining play by Shakespeare.' },
    { reviewer: 'Reviewer2', text: 'Absolutely fun and entertaining. The play lacks thematic depth.' },
  ];
  res.json({
    id: Number(req.params.id),
    version,
    process: process.pid,
    ratingsMs: Math.round(performance.now() - started),
    reviews: reviewers.map((review) => ({
      ...review,
      ...(found === undefined ? {} : { stars: found.ratings[review.reviewer], color }),
    })),
  });
});

await mesh.listen(app, Number(process.env.PORT ?? 9080));
