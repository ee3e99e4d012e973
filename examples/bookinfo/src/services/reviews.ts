/** Reviews of a book. v1 shows no stars; v2 shows black ones and v3 red ones, which they ask `ratings` for: by HTTP, or by gRPC. */
import express from 'express';
import { join } from 'heddle';
import { ratingsOver } from './ratings-client.js';

const version = process.env.VERSION ?? 'v1';
const mesh = await join();
const app = express();

const askRatings = ratingsOver(mesh, process.env.RATINGS_BY);

app.get('/reviews/:id', async (req, res) => {
  const started = performance.now();
  // A page without stars is better than no page.
  const asked = version === 'v1' ? null : await askRatings(req.params.id);
  const found = asked !== null && 'found' in asked ? asked.found : undefined;
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
    ...(asked !== null && 'failed' in asked ? { ratingsFailed: asked.failed } : {}),
    reviews: reviewers.map((review) => ({
      ...review,
      ...(found === undefined ? {} : { stars: found.ratings[review.reviewer], color }),
    })),
  });
});

await mesh.listen(app, Number(process.env.PORT ?? 9080));
