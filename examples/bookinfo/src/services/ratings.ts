/** Ratings of a book by its reviewers: by HTTP and by gRPC, on one port. */
import { Server, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import { listen } from '@heddle/grpc';
import express from 'express';
import { join } from 'heddle';
import { type BookRatings, Ratings } from './ratings-proto.js';

const mesh = await join();
const app = express();
const server = new Server();
let mood: 'well' | 'stalls' | 'fails' = 'well';
const ratings = { Reviewer1: 5, Reviewer2: 4 };
const sorry = 'the ratings database is down';

app.get('/ratings/:id', (req, res) => {
  if (mood === 'stalls') return; // never answers
  if (mood === 'fails') res.status(500).json({ error: sorry });
  else res.json({ id: Number(req.params.id), ratings });
});

server.addService(Ratings.service, {
  Get(call: ServerUnaryCall<{ id: string }, BookRatings>, answer: sendUnaryData<BookRatings>) {
    if (mood === 'stalls') return;
    if (mood === 'fails') answer({ code: status.UNAVAILABLE, details: sorry });
    else answer(null, { ...call.request, ratings });
  },
});

// Whoever started this process may spoil its mood.
process.on('message', (message: { mood?: typeof mood }) => {
  if (message.mood !== undefined) mood = message.mood;
});

await listen(mesh, server, Number(process.env.PORT ?? 9080), { http: app });
