/** The greeter with NestJS, whatever it listens by. */
import 'reflect-metadata';
// #region module
import { Controller, Get, Module } from '@nestjs/common';
import { join } from 'heddle';

export const mesh = await join();

@Controller()
class GreeterController {
  @Get('hello')
  hello() {
    return `Hello, ${mesh.context()?.peer}`;
  }
}

@Module({ controllers: [GreeterController] })
export class GreeterModule {}
// #endregion
