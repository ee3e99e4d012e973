/** The two ways to ask `ratings`. */
import { credentials, type ServiceError, status } from '@grpc/grpc-js';
import { clientOptions } from '@heddle/grpc';
import type { Mesh } from 'heddle';
import { type BookRatings, Ratings } from './ratings-proto.js';

/** What ratings answered, or why there is nothing of it. */
export type Asked =
  | { readonly found: BookRatings }
  | { readonly failed: string | number; readonly because: string };

export type AskRatings = (id: string) => Promise<Asked>;

/** @param by what `RATINGS_BY` says @default HTTP */
export function ratingsOver(mesh: Mesh, by: string | undefined): AskRatings {
  return by === 'grpc' ? byGrpc(mesh) : byHttp(mesh);
}

const byHttp =
  (mesh: Mesh): AskRatings =>
  async (id) => {
    try {
      const response = await mesh.fetch(`http://ratings:9080/ratings/${id}`);
      if (response.ok) return { found: (await response.json()) as BookRatings };
      return { failed: response.status, because: await response.text() };
    } catch (error) {
      return { failed: 0, because: String((error as Error).cause ?? error) };
    }
  };

function byGrpc(mesh: Mesh): AskRatings {
  const client = new Ratings('ratings:9080', credentials.createInsecure(), clientOptions(mesh));
  return (id) =>
    new Promise((resolve) => {
      client.Get({ id }, (error: ServiceError | null, found) => {
        if (found !== undefined) resolve({ found });
        else resolve({ failed: status[error!.code]!, because: error!.details });
      });
    });
}
