/** `ratings.proto`, for the one who serves it and for those who call it. */
import { fileURLToPath } from 'node:url';
import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

export interface BookRatings {
  readonly ratings: Readonly<Record<string, number>>;
}

type GetRatings = (book: { readonly id: string }, answer: grpc.requestCallback<BookRatings>) => void;
type RatingsClient = grpc.Client & { readonly Get: GetRatings };
interface Package {
  readonly bookinfo: {
    readonly Ratings: {
      new (target: string, credentials: grpc.ChannelCredentials, options?: grpc.ClientOptions): RatingsClient;
      readonly service: grpc.ServiceDefinition;
    };
  };
}

export const ratingsPackage = loadSync(fileURLToPath(new URL('../../ratings.proto', import.meta.url)));
const { bookinfo } = grpc.loadPackageDefinition(ratingsPackage) as unknown as Package;
export const { Ratings } = bookinfo;
