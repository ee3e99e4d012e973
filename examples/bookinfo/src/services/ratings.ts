/** Ratings of a book by its reviewers. */
import express from 'express';
import { join } from 'heddle';

const mesh = await join();
const app = express();
let mood: 'well' | 'stalls' | 'fails' = 'well';

app.get('/ratings/:id', (req, res) => {
  if (mood === 'stalls') return; // never answers
  if (mood === 'fails') {
    res.status(500).json({ error: 'the ratings database is down' });
    return;
  }
  res.json({ id: Number(req.params.id), ratings: { Reviewer1: 5, Reviewer2: 4 } });
});

// Whoever started this process may spoil its mood.
process.on('message', (message: { mood?: typeof mood }) => {
  if (message.mood !== undefined) mood = message.mood;
});

await mesh.listen(app, Number(process.env.PORT ?? 9080));
