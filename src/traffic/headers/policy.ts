/** Header operations: `remove` first, then `set`, then `add`, as Envoy does. Names are in lower case. */
export interface HeaderOperations {
  readonly set?: Readonly<Record<string, string>>;
  readonly add?: Readonly<Record<string, string>>;
  readonly remove?: readonly string[];
}

export interface HeaderPolicy {
  readonly request?: HeaderOperations;
  readonly response?: HeaderOperations;
}
