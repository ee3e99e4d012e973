import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grpcPlace } from './grpc-place.js';

test('one host with or without a port, by itself or by a scheme of grpc-js, is a place', () => {
  for (const target of ['reviews:9080', 'dns:reviews:9080', 'dns:///reviews:9080', 'heddle:///reviews:9080'])
    assert.deepEqual(grpcPlace(target), { host: 'reviews', port: 9080 }, target);
  assert.deepEqual(grpcPlace('dns://8.8.8.8/reviews'), { host: 'reviews', port: null });
  assert.deepEqual(grpcPlace('ipv4:127.0.0.1:50051'), { host: '127.0.0.1', port: 50051 });
  assert.deepEqual(grpcPlace('ipv6:[::1]:50051'), { host: '::1', port: 50051 });
  assert.deepEqual(grpcPlace('[::]:0'), { host: '::', port: 0 });
  assert.deepEqual(grpcPlace('::1'), { host: '::1', port: null });
});

test('Unix sockets, lists of addresses and schemes of others are none', () => {
  for (const target of [
    'unix:/run/socket',
    'unix:///run/socket',
    'unix-abstract:name',
    'ipv4:10.0.0.1:80,10.0.0.2:80',
    'xds:///reviews',
    'zookeeper://zk.example/reviews',
    '',
  ])
    assert.equal(grpcPlace(target), null, target);
});
