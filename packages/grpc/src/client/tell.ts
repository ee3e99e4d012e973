/** What the application is told, as functions that all calls share: they run in the context in which each was made. */
import type { Metadata, StatusObject } from '@grpc/grpc-js';
import type { InterceptingListener } from '@grpc/grpc-js/build/src/call-interface.js';

export function tellMetadata(listener: InterceptingListener | null, metadata: Metadata): void {
  listener?.onReceiveMetadata(metadata);
}

export function tellMessage(listener: InterceptingListener | null, message: Buffer): void {
  listener?.onReceiveMessage(message);
}

export function tellStatus(listener: InterceptingListener | null, ended: StatusObject): void {
  listener?.onReceiveStatus(ended);
}

export function tellLater(listener: InterceptingListener | null, ended: StatusObject): void {
  process.nextTick(tellStatus, listener, ended);
}
