/** One service, written for every server framework: what the tests of the surfaces start. */
import 'reflect-metadata';
import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { heddle as forFastify, meshServer } from '@heddle/fastify';
import { heddle as forHono } from '@heddle/hono';
import { heddle as forKoa } from '@heddle/koa';
import { getRequestListener } from '@hono/node-server';
import { Controller, Get, Module, Post, Req, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import express, { type NextFunction, type Request, type Response } from 'express';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { ListenTarget, Mesh, MeshContext } from 'heddle';
import { Hono } from 'hono';
import Koa from 'koa';

const express4 = createRequire(import.meta.url)('express4') as typeof express;

/** What the service does, whatever it is written for. */
export interface Deeds {
  /** Calls another service, and says what arrived there. */
  onward(): Promise<string>;
  /** Calls another service, which never answers. */
  hang(): Promise<string>;
  /** Answers in two parts, the second when it is told to. */
  parts(): AsyncIterable<string>;
  /** Answers when it is told to. */
  slow(): Promise<string>;
  fail(): never;
  /** Reads all of it, calls another service, and says how much came and what arrived there. */
  upload(body: Uint8Array): Promise<string>;
}

export interface Running {
  readonly port: number;
  /** As an application of this framework ends. */
  close(): Promise<void>;
}

export interface Surface {
  readonly name: string;
  start(mesh: Mesh, deeds: Deeds): Promise<Running>;
  /** Its own answer to a handler that throws. */
  readonly failure: RegExp;
}

/** @param end what the framework does, after the mesh */
async function listen(mesh: Mesh, target: ListenTarget, end: () => unknown = () => {}): Promise<Running> {
  const { port } = await mesh.listen(target, 0);
  const close = async () => {
    await mesh.close();
    await end();
  };
  return { port, close };
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function overExpress(make: typeof express) {
  return (mesh: Mesh, deeds: Deeds) => {
    const app = make();
    const text = (answer: () => Promise<string>) => (_: Request, response: Response, next: NextFunction) =>
      void answer().then((said) => response.send(said), next);
    app.use(mesh.express());
    app.get('/who', (_request, response) => void response.json(mesh.context()));
    app.get('/onward', text(deeds.onward));
    app.get('/hang', text(deeds.hang));
    app.get('/slow', text(deeds.slow));
    app.get('/throws', deeds.fail);
    app.get('/parts', (_request, response) => void Readable.from(deeds.parts()).pipe(response));
    app.post('/upload', express.raw({ limit: '4mb' }), (request, response, next) => {
      deeds.upload(request.body).then((said) => response.send(said), next);
    });
    return listen(mesh, app);
  };
}

async function fastifyApp(app: FastifyInstance, mesh: Mesh, deeds: Deeds): Promise<void> {
  await app.register(forFastify, { mesh });
  app.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  );
  app.get('/who', (request, reply) => reply.send(request.mesh));
  app.get('/onward', deeds.onward);
  app.get('/hang', deeds.hang);
  app.get('/slow', deeds.slow);
  app.get('/throws', deeds.fail);
  app.get('/parts', (_request, reply) => reply.send(Readable.from(deeds.parts())));
  app.post<{ Body: Buffer }>('/upload', { bodyLimit: 4 << 20 }, (request) => deeds.upload(request.body));
}

async function fastify(mesh: Mesh, deeds: Deeds): Promise<Running> {
  const app = Fastify({ serverFactory: meshServer(mesh) });
  await fastifyApp(app, mesh, deeds);
  await app.listen();
  return { port: portOf(app.server), close: () => app.close() };
}

async function fastifyHandedOver(mesh: Mesh, deeds: Deeds): Promise<Running> {
  const app = Fastify();
  await fastifyApp(app, mesh, deeds);
  await app.ready();
  return listen(mesh, app.server, () => app.close());
}

function koa(mesh: Mesh, deeds: Deeds): Promise<Running> {
  const app = new Koa();
  app.silent = true;
  const answers: Record<string, (ctx: Koa.Context) => unknown> = {
    '/who': (ctx) => ctx.mesh,
    '/onward': deeds.onward,
    '/hang': deeds.hang,
    '/slow': deeds.slow,
    '/throws': deeds.fail,
    '/parts': () => Readable.from(deeds.parts()),
    '/upload': async (ctx) => deeds.upload(await buffer(ctx.req)),
  };
  app.use(forKoa(mesh));
  app.use(async (ctx) => {
    ctx.body = await answers[ctx.path]!(ctx);
  });
  return listen(mesh, app);
}

function hono(mesh: Mesh, deeds: Deeds): Promise<Running> {
  const app = new Hono();
  app.use(forHono(mesh));
  app.get('/who', (c) => c.json<MeshContext | undefined>(c.get('mesh')));
  app.get('/onward', async (c) => c.text(await deeds.onward()));
  app.get('/hang', async (c) => c.text(await deeds.hang()));
  app.get('/slow', async (c) => c.text(await deeds.slow()));
  app.get('/throws', deeds.fail);
  app.get(
    '/parts',
    () => new Response(Readable.toWeb(Readable.from(deeds.parts()).map(bytes)) as ReadableStream),
  );
  app.post('/upload', async (c) => c.text(await deeds.upload(new Uint8Array(await c.req.arrayBuffer()))));
  app.onError((error, c) => c.text(`Hono: ${error.message}`, 500));
  return listen(mesh, getRequestListener(app.fetch));
}

function bytes(text: string): Uint8Array {
  return Buffer.from(text);
}

/** Decorators by hand: this file is compiled with the standard's, Nest wants TypeScript's. */
function nestModule(mesh: Mesh, deeds: Deeds) {
  class Service {
    who() {
      return mesh.context();
    }
    onward() {
      return deeds.onward();
    }
    hang() {
      return deeds.hang();
    }
    slow() {
      return deeds.slow();
    }
    throws() {
      deeds.fail();
    }
    parts(response: Response | FastifyReply) {
      const parts = Readable.from(deeds.parts());
      if ('raw' in response) response.send(parts);
      else parts.pipe(response);
    }
    upload(request: Request | FastifyRequest) {
      return deeds.upload(request.body as Buffer);
    }
  }
  const { prototype } = Service;
  for (const name of ['who', 'onward', 'hang', 'slow', 'throws', 'parts'] as const)
    Get(name)(prototype, name, Object.getOwnPropertyDescriptor(prototype, name)!);
  Post('upload')(prototype, 'upload', Object.getOwnPropertyDescriptor(prototype, 'upload')!);
  Req()(prototype, 'upload', 0);
  Res()(prototype, 'parts', 0);
  Controller()(Service);
  class Application {}
  Module({ controllers: [Service] })(Application);
  return Application;
}

async function nestOverExpress(mesh: Mesh, deeds: Deeds): Promise<Running> {
  const app = await NestFactory.create(nestModule(mesh, deeds), { logger: false });
  app.use(mesh.express());
  app.use(express.raw({ limit: '4mb' }));
  await app.init();
  return listen(mesh, app.getHttpServer(), () => app.close());
}

async function nestOverFastify(mesh: Mesh, deeds: Deeds): Promise<Running> {
  const adapter = new FastifyAdapter({ serverFactory: meshServer(mesh), bodyLimit: 4 << 20 });
  const app = await NestFactory.create<NestFastifyApplication>(nestModule(mesh, deeds), adapter, {
    logger: false,
  });
  app.useBodyParser('application/octet-stream');
  await app.listen(0);
  return { port: portOf(app.getHttpServer()), close: () => app.close() };
}

async function plain(mesh: Mesh, deeds: Deeds): Promise<Running> {
  return listen(mesh, async (request, response) => {
    const { url } = request;
    if (url === '/who') response.end(JSON.stringify(mesh.context()));
    else if (url === '/onward') response.end(await deeds.onward());
    else if (url === '/hang') response.end(await deeds.hang());
    else if (url === '/slow') response.end(await deeds.slow());
    else if (url === '/throws') deeds.fail();
    else if (url === '/parts') Readable.from(deeds.parts()).pipe(response);
    else response.end(await deeds.upload(await buffer(request)));
  });
}

export const SURFACES: readonly Surface[] = [
  { name: 'Express 4', start: overExpress(express4), failure: /Error: out of order/ },
  { name: 'Express 5', start: overExpress(express), failure: /Error: out of order/ },
  { name: 'Fastify', start: fastify, failure: /^\{"statusCode":500,.*"message":"out of order"\}$/ },
  {
    name: 'Fastify, handed over',
    start: fastifyHandedOver,
    failure: /^\{"statusCode":500,.*"message":"out of order"\}$/,
  },
  { name: 'Koa', start: koa, failure: /^Internal Server Error$/ },
  { name: 'Hono', start: hono, failure: /^Hono: out of order$/ },
  {
    name: 'NestJS over Express',
    start: nestOverExpress,
    failure: /^\{"statusCode":500,"message":"Internal server error"\}$/,
  },
  {
    name: 'NestJS over Fastify',
    start: nestOverFastify,
    failure: /^\{"statusCode":500,"message":"Internal server error"\}$/,
  },
  { name: 'node:http', start: plain, failure: /^Internal Server Error$/ },
];
