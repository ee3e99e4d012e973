/** Details of a book. */
import express from 'express';
import { join } from 'heddle';

const mesh = await join();
const app = express();

app.get('/details/:id', (req, res) => {
  res.json({
    id: Number(req.params.id),
    author: 'William Shakespeare',
    year: 1595,
    type: 'paperback',
    pages: 200,
  });
});

await mesh.listen(app, Number(process.env.PORT ?? 9080));
