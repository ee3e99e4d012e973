import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SERVICE_ACCOUNTS, ServiceAccounts } from './service-accounts.js';

function service(name: string, namespace: string, accounts: string) {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, annotations: { [SERVICE_ACCOUNTS]: accounts } },
    spec: {},
  };
}

test('without a word on it, a service is served by the service account of its name alone', () => {
  const accounts = new ServiceAccounts([]);
  assert.equal(accounts.mayServe('reviews', 'default', 'reviews'), true);
  assert.equal(accounts.mayServe('reviews.default.svc.cluster.local', 'default', 'reviews'), true);
  assert.equal(accounts.mayServe('reviews', 'default', 'details'), false);
  assert.equal(accounts.mayServe('reviews.other.svc.cluster.local', 'default', 'reviews'), false);
});

test('the annotation names who may serve, and nobody else may, in its own namespace', () => {
  const accounts = new ServiceAccounts([service('reviews', 'default', 'blue, green')]);
  assert.equal(accounts.mayServe('reviews', 'default', 'green'), true);
  assert.equal(accounts.mayServe('reviews', 'default', 'reviews'), false);
  assert.equal(accounts.mayServe('reviews', 'other', 'green'), false);
});

test('a Service of another API says nothing', () => {
  const knative = { ...service('reviews', 'default', 'blue'), apiVersion: 'serving.knative.dev/v1' };
  assert.equal(new ServiceAccounts([knative]).mayServe('reviews', 'default', 'blue'), false);
});
